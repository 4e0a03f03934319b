// Checks a receipt with SHA-256 and Ed25519 of the browser itself, and SM2 and SM3 (GB/T 32918, 32905), which no browser
// has, with an arithmetic of our own; the steps and their order are those of `jutong verify`.
const TITLE = "jutong-receipt@v1";
const PROOF_TITLE = "c2sp.org/tlog-proof@v1";
const CHARACTERS_AT_MOST = 1 << 20;
const STEPS_AT_MOST = 63;
const NOTE_BYTES_AT_MOST = 65536;
const SIGNATURES_AT_MOST = 64;
const NOTE_KEY = 1;
const WITNESS_KEY = 4;
const SM2_KEY = 255;
const SM2_KIND = "jutong/sm2-sm3/v1";
const NAME = /^[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000+]+$/u;
const NUMBER = /^(0|[1-9][0-9]{0,18})$/;
const CONTROL = /[\x00-\x09\x0b-\x1f]/;
const LINE_ENDS = /[\x00-\x1f\x7f\x85\u2028\u2029]+/g;
const INSTANT = /^(\d{4})-(\d\d)-(\d\d)[^]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)[.,](\d{6})[+-]00:00$/u;
export const CHECKS = ["form", "batch", "call", "inclusion", "signature", "witnesses"];
const encoder = new TextEncoder();

class Fault extends Error {
  constructor(check) {
    super(check);
    this.check = check;
  }
}

const need = (holds, check = "form") => {
  if (!holds) throw new Fault(check);
};

const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const sha256 = async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data));
const leafHash = (leaf) => sha256(joined([0], leaf));
const nodeHash = (left, right) => sha256(joined([1], left, right));

function based(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

// Only the one canonical spelling counts: spare bits would let a byte change without a reader noticing.
function debased(spelled) {
  need(/^[A-Za-z0-9+/]*={0,2}$/.test(spelled) && spelled.length % 4 === 0);
  const bytes = Uint8Array.from(atob(spelled), (one) => one.charCodeAt(0));
  need(based(bytes) === spelled);
  return bytes;
}

function numberOf(spelled) {
  need(NUMBER.test(spelled));
  return BigInt(spelled);
}

// JSON.parse takes a lone half of a surrogate pair; whoever writes evidence does not.
function wellFormed(name, value) {
  need(!/\p{Surrogate}/u.test(name) && !(typeof value === "string" && /\p{Surrogate}/u.test(value)));
  return value;
}

function parsed(spelled) {
  let value;
  try {
    value = JSON.parse(spelled, wellFormed);
  } catch {
    throw new Fault("form");
  }
  need(value !== null && typeof value === "object" && !Array.isArray(value));
  return value;
}

function without(text, prefix) {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function split(text, by, most) {
  const parts = [];
  let rest = text;
  while (parts.length < most) {
    const at = rest.indexOf(by);
    if (at < 0) break;
    parts.push(rest.slice(0, at));
    rest = rest.slice(at + by.length);
  }
  return [...parts, rest];
}

function stepsOf(lines) {
  const steps = lines.map(debased);
  need(steps.length <= STEPS_AT_MOST && steps.every((step) => step.length === 32));
  return steps;
}

function lineOf(leaf) {
  const line = parsed(leaf);
  const known = ["act", "actor", "at", "facts", "id", "on", "org"];
  need(Object.keys(line).every((name) => known.includes(name)));
  need(["act", "actor", "at", "id", "on", "org"].every((name) => typeof line[name] === "string"));
  const found = INSTANT.exec(line.at);
  need(found);
  const [, year, month, day, hour, minute, second, fraction] = found;
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  need(Number(year) > 0 && !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day));
  const tail = fraction === "000000" ? "" : `.${fraction}`;
  return { ...line, shown: `${year}-${month}-${day}T${hour}:${minute}:${second}${tail}+00:00` };
}

function headOf(record) {
  const { id, agreement = "", code = "" } = parsed(record);
  need([id, agreement, code].every((one) => typeof one === "string"));
  return { id, agreement, code };
}

function noteOf(spelled) {
  need(encoder.encode(spelled).length <= NOTE_BYTES_AT_MOST && !CONTROL.test(spelled) && spelled.endsWith("\n"));
  const at = spelled.lastIndexOf("\n\n");
  need(at > 0);
  const lines = spelled.slice(at + 2, -1).split("\n");
  const signatures = lines.map((line) => {
    const [dash, name, coded, ...rest] = line.split(" ");
    need(dash === "—" && rest.length === 0 && coded !== undefined && NAME.test(name));
    const data = debased(coded);
    need(data.length >= 5);
    return { name, keyId: data.slice(0, 4), value: data.slice(4) };
  });
  need(signatures.length <= SIGNATURES_AT_MOST);
  const body = spelled.slice(0, at + 1);
  const told = body.slice(0, -1).split("\n");
  need(told.length >= 3 && !told.includes("") && NUMBER.test(told[1]));
  const root = debased(told[2]);
  need(root.length === 32);
  return { body, signatures, origin: told[0], size: BigInt(told[1]), root, spelled };
}

// The head is for people; it must say what the parts say, to the letter.
function spelledAgain({ line, leaf, index, proof, note, call }) {
  const shown = (value) => value.replace(LINE_ENDS, " ");
  const head = [TITLE, `act: ${shown(line.act)}`, `on: ${shown(line.on)}`, `by: ${shown(`${line.actor} of ${line.org}`)}`, `at: ${line.shown}`];
  if (call) head.push(`call: ${shown(call.head.id)}`, `agreement: ${shown(call.head.agreement)}`, `code: ${shown(call.head.code)}`);
  head.push(`place: leaf ${index} of ${note.size}`, "");
  if (call) head.push(`record ${call.record}`, `within ${call.index} of ${call.count}`, ...call.proof.map(based), "");
  head.push(`leaf ${leaf}`, "", PROOF_TITLE, `index ${index}`, ...proof.map(based), "", note.spelled);
  return head.join("\n");
}

export function readReceipt(spelled) {
  need(spelled.length <= CHARACTERS_AT_MOST || [...spelled].length <= CHARACTERS_AT_MOST);
  const [, ...parts] = split(spelled, "\n\n", 4);
  let call = null;
  if (parts[0]?.startsWith("record ")) {
    const [record, within, ...steps] = parts.shift().split("\n");
    need(within !== undefined);
    const [index, count] = split(without(within, "within "), " of ", 1);
    need(count !== undefined);
    const bare = without(record, "record ");
    call = { record: bare, head: headOf(bare), index: numberOf(index), count: numberOf(count), proof: stepsOf(steps) };
  }
  need(parts.length >= 3);
  const [, index, ...steps] = parts[1].split("\n");
  need(index !== undefined);
  const leaf = without(parts[0], "leaf ");
  const receipt = {
    leaf,
    line: lineOf(leaf),
    index: numberOf(without(index, "index ")),
    proof: stepsOf(steps),
    note: noteOf(parts.slice(2).join("\n\n")),
    call,
  };
  need(spelledAgain(receipt) === spelled);
  return receipt;
}

async function included(leaf, index, size, proof, root) {
  if (index < 0n || index >= size) return false;
  let [place, last, found] = [index, size - 1n, leaf];
  for (const step of proof) {
    if (last === 0n) return false;
    if (place & 1n || place === last) {
      found = await nodeHash(step, found);
      while (!(place & 1n) && place) [place, last] = [place >> 1n, last >> 1n];
    } else found = await nodeHash(found, step);
    [place, last] = [place >> 1n, last >> 1n];
  }
  return last === 0n && same(found, root);
}

function committed(line, count) {
  const facts = line.facts ?? {};
  const told = facts.count;
  need(line.act === "delivery.called" && Number.isSafeInteger(told) && BigInt(told) === count, "batch");
  need(typeof facts.root === "string" && /^[0-9a-f]{64}$/.test(facts.root), "batch");
  return Uint8Array.from(facts.root.match(/../g), (pair) => parseInt(pair, 16));
}

const P = 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn;
const A = P - 3n;
const B = 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n;
const ORDER = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n;
const BASE = [0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n, 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n];
const SIGNER = "1234567812345678";
const SM3_START = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];

const bigOf = (bytes) => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const bytesOf = (value) => Uint8Array.from(value.toString(16).padStart(64, "0").match(/../g), (pair) => parseInt(pair, 16));
const modulo = (value, by = P) => ((value % by) + by) % by;
const turned = (word, by) => ((word << (by & 31)) | (word >>> (32 - (by & 31)))) >>> 0;

export function sm3(data) {
  const whole = new Uint8Array(Math.ceil((data.length + 9) / 64) * 64);
  whole.set(data);
  whole[data.length] = 0x80;
  const view = new DataView(whole.buffer);
  view.setBigUint64(whole.length - 8, BigInt(data.length) * 8n);
  let state = [...SM3_START];
  for (let at = 0; at < whole.length; at += 64) {
    const w = Array.from({ length: 16 }, (_, j) => view.getUint32(at + 4 * j));
    for (let j = 16; j < 68; j++) {
      const mixed = w[j - 16] ^ w[j - 9] ^ turned(w[j - 3], 15);
      w.push((mixed ^ turned(mixed, 15) ^ turned(mixed, 23) ^ turned(w[j - 13], 7) ^ w[j - 6]) >>> 0);
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let j = 0; j < 64; j++) {
      const first = turned((turned(a, 12) + e + turned(j < 16 ? 0x79cc4519 : 0x7a879d8a, j)) >>> 0, 7);
      const second = first ^ turned(a, 12);
      const one = ((j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c)) + d + second + (w[j] ^ w[j + 4])) >>> 0;
      const two = ((j < 16 ? e ^ f ^ g : (e & f) | (~e & g)) + h + first + w[j]) >>> 0;
      [a, b, c, d, e, f, g, h] = [one, a, turned(b, 9), c, (two ^ turned(two, 9) ^ turned(two, 17)) >>> 0, e, turned(f, 19), g];
    }
    state = [a, b, c, d, e, f, g, h].map((word, place) => (word ^ state[place]) >>> 0);
  }
  return Uint8Array.from(state.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]));
}

function inverse(value, by = P) {
  let [one, other, mine, theirs] = [modulo(value, by), by, 1n, 0n];
  while (one) {
    const times = other / one;
    [one, other, mine, theirs] = [other - times * one, one, theirs - times * mine, mine];
  }
  return modulo(theirs, by);
}

function power(value, exponent) {
  let found = 1n;
  for (let [square, rest] = [value, exponent]; rest; [square, rest] = [(square * square) % P, rest >> 1n]) if (rest & 1n) found = (found * square) % P;
  return found;
}

function pointOf(raw) {
  const x = bigOf(raw.slice(1));
  const square = modulo(x * x * x + A * x + B);
  const root = power(square, (P + 1n) / 4n);
  need((raw[0] === 2 || raw[0] === 3) && x < P && (root * root) % P === square);
  return [x, (root & 1n) === BigInt(raw[0] & 1) ? root : P - root];
}

function added(one, other) {
  if (!one || !other) return one ?? other;
  if (one[0] === other[0] && modulo(one[1] + other[1]) === 0n) return null;
  const slope = one[0] === other[0] ? (3n * one[0] * one[0] + A) * inverse(2n * one[1]) : (other[1] - one[1]) * inverse(other[0] - one[0]);
  const x = modulo(slope * slope - one[0] - other[0]);
  return [x, modulo(slope * (one[0] - x) - one[1])];
}

function multiplied(point, by) {
  let found = null;
  for (let [double, rest] = [point, by]; rest; [double, rest] = [added(double, double), rest >> 1n]) if (rest & 1n) found = added(found, double);
  return found;
}

// GB/T 32918.2-2016, 7.1. Nothing here is secret, so that it need not take the same time for every number.
function sm2Signs(raw, signature, message) {
  const point = pointOf(raw);
  const [r, s] = [bigOf(signature.slice(0, 32)), bigOf(signature.slice(32))];
  if (!r || !s || r >= ORDER || s >= ORDER || modulo(r + s, ORDER) === 0n) return false;
  const curve = [A, B, ...BASE, ...point].map(bytesOf);
  const who = sm3(joined([0, 8 * SIGNER.length], encoder.encode(SIGNER), ...curve));
  const found = added(multiplied(BASE, s), multiplied(point, modulo(r + s, ORDER)));
  return found !== null && modulo(bigOf(sm3(joined(who, message))) + found[0], ORDER) === r;
}

export async function readKey(spelled) {
  const [name, keyId, ...rest] = spelled.trim().split("+");
  const [coded, since] = split(rest.join("+"), "@", 1);
  const data = debased(coded);
  const kind = encoder.encode(SM2_KIND);
  const sm2 = data[0] === SM2_KEY && same(data.slice(1, 1 + kind.length), kind);
  const raw = data.slice(sm2 ? 1 + kind.length : 1);
  need(NAME.test(name) && (sm2 ? raw.length === 33 : raw.length === 32 && since === undefined && (data[0] === NOTE_KEY || data[0] === WITNESS_KEY)));
  if (sm2) pointOf(raw);
  const digest = await sha256(joined(encoder.encode(`${name}\n`), data));
  const hex = [...digest.slice(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  need(hex === keyId);
  return { name, kind: data[0], raw, keyId: digest.slice(0, 4), since: since === undefined ? 0n : numberOf(since) };
}

async function signs(key, signature, body) {
  let [value, message] = [signature.value, encoder.encode(body)];
  if (key.kind === WITNESS_KEY) {
    const time = value.slice(0, 8).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    [value, message] = [value.slice(8), encoder.encode(`cosignature/v1\ntime ${time}\n${body}`)];
  }
  if (value.length !== 64) return false;
  if (key.kind === SM2_KEY) return sm2Signs(key.raw, value, message);
  try {
    const made = await crypto.subtle.importKey("raw", key.raw, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, made, value, message);
  } catch (error) {
    if (error.name === "NotSupportedError") throw error;
    return false;
  }
}

// One pair of keys speaks once: a log that cosigns itself stays the log and is nobody's witness. Of each family of the
// log's keys that were given one must have signed; the SM2 key only from the size on at which the log took it up.
async function signers(note, keys) {
  const own = keys.filter((key) => key.kind !== WITNESS_KEY && key.name === note.origin);
  need(own.length > 0, "signature");
  const signed = new Map();
  for (const key of [...keys].sort((one, other) => one.kind - other.kind))
    for (const signature of note.signatures)
      if (signature.name === key.name && same(signature.keyId, key.keyId)) {
        need(await signs(key, signature, note.body), "signature");
        const owner = based(key.raw);
        if (!signed.has(owner)) signed.set(owner, key);
      }
  const all = [...signed.values()];
  const notes = own.filter((key) => key.kind === NOTE_KEY);
  need((notes.length ? notes : own).some((key) => all.includes(key)), "signature");
  const asked = own.filter((key) => key.kind === SM2_KEY && key.since < note.size);
  const newest = asked.reduce((most, key) => (key.since > most ? key.since : most), 0n);
  need(!asked.length || asked.some((key) => key.since === newest && all.includes(key)), "signature");
  return all;
}

// What came of it: {holds, check, facts}; `check` names the first step that fails.
export async function verifyReceipt(spelled, keys, witnesses = 0) {
  try {
    const { line, leaf, index, proof, note, call } = readReceipt(spelled);
    if (call) {
      const root = committed(line, call.count);
      const record = await leafHash(encoder.encode(call.record));
      need(await included(record, call.index, call.count, call.proof, root), "call");
    }
    need(await included(await leafHash(encoder.encode(leaf)), index, note.size, proof, note.root), "inclusion");
    const signed = await signers(note, keys);
    const names = signed.filter((key) => key.kind === WITNESS_KEY).map((key) => key.name).sort();
    need(names.length >= witnesses, "witnesses");
    const families = [[NOTE_KEY, "Ed25519"], [SM2_KEY, "SM2"]].filter(([kind]) => signed.some((key) => key.kind === kind)).map(([, told]) => told).join(", ");
    const facts = { act: line.act, on: line.on, at: line.shown, org: line.org };
    if (call) facts.call = call.head.id;
    return { holds: true, check: "", ofCall: Boolean(call), facts: { ...facts, origin: note.origin, size: `${note.size}`, index: `${index}`, signed_by: families, witnesses: names.join(", ") } };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { holds: false, check: error.check, ofCall: spelled.includes("\n\nrecord "), facts: {} };
  }
}

export async function able() {
  if (!globalThis.crypto?.subtle) return false;
  try {
    await crypto.subtle.importKey("raw", new Uint8Array(32), { name: "Ed25519" }, false, ["verify"]);
    return true;
  } catch (error) {
    return error.name === "DataError";
  }
}

export const settled = (text) => text.replace(/\r\n/g, "\n").replace(/[\n ]+$/, "") + "\n";

async function chosen(form) {
  const file = form.elements.file.files[0];
  if (!file) return form.elements.receipt.value.trim() ? settled(form.elements.receipt.value) : null;
  if (file.size > 4 * CHARACTERS_AT_MOST) return "";
  try {
    return settled(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer()));
  } catch {
    return "";
  }
}

function show(panel, verdict) {
  const list = panel.querySelector("[data-checks]");
  let state = "holds";
  for (const item of list.children) {
    const code = item.dataset.check;
    let mine = state;
    if (code === verdict.check) [mine, state] = ["fails", "open"];
    else if (state === "holds" && !verdict.ofCall && (code === "batch" || code === "call")) mine = "skipped";
    item.className = `check check-${mine}`;
    item.querySelector(".check-state").textContent = list.dataset[mine];
  }
  const said = panel.querySelector("[data-said]");
  said.textContent = verdict.holds ? said.dataset.holds : said.dataset.fails;
  said.className = `verdict ${verdict.holds ? "verdict-holds" : "verdict-fails"}`;
  panel.querySelector("[data-fault-said]").textContent = verdict.holds ? "" : list.querySelector(`[data-check="${verdict.check}"]`).dataset.fault;
  const by = panel.querySelector("[data-checked-by]");
  by.textContent = by.dataset.words;
  const facts = panel.querySelector("[data-facts]");
  facts.replaceChildren(
    ...Object.entries(verdict.facts).map(([name, value]) => {
      const [row, term, told, code] = ["div", "dt", "dd", "code"].map((kind) => document.createElement(kind));
      term.textContent = panel.querySelector(`[data-names="${name}"]`).dataset.words;
      code.className = value ? "code" : "none";
      code.textContent = value || facts.dataset.none;
      told.append(code);
      row.append(term, told);
      return row;
    }),
  );
}

function complain(panel, words) {
  const said = panel.querySelector("[data-said]");
  said.textContent = words;
  said.className = "verdict verdict-fails";
  panel.querySelector("[data-fault-said]").textContent = "";
  panel.querySelector("[data-checked-by]").textContent = "";
  panel.querySelector("[data-facts]").replaceChildren();
  const list = panel.querySelector("[data-checks]");
  for (const item of list.children) {
    item.className = "check check-open";
    item.querySelector(".check-state").textContent = list.dataset.open;
  }
}

async function check(form, panel) {
  const said = panel.querySelector("[data-said]");
  const spelled = await chosen(form);
  const wanted = Number(form.elements.witnesses.value || 0);
  let keys = null;
  try {
    const lines = form.elements.keys.value.split("\n").map((line) => line.trim()).filter(Boolean);
    keys = lines.length ? await Promise.all(lines.map(readKey)) : null;
  } catch {
    keys = null;
  }
  if (spelled === null) complain(panel, said.dataset.noReceipt);
  else if (keys === null) complain(panel, said.dataset.keyFault);
  else show(panel, await verifyReceipt(spelled, keys, wanted));
  panel.hidden = false;
  panel.focus();
}

async function start() {
  const form = document.getElementById("verify");
  const panel = document.querySelector("[data-verdict]");
  if (!form || !panel || !(await able())) return;
  document.querySelector("[data-in-browser]").hidden = false;
  document.querySelector("[data-at-node]").hidden = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    check(form, panel);
  });
}

if (globalThis.document) start();
