// A signed call from the browser (RFC 9421, Ed25519). The private key is imported as not extractable and stays here.
const place = document.getElementById("trial");
const part = (name) => document.getElementById(`trial-${name}`);
const words = place?.dataset ?? {};
const bytes = (text) => new TextEncoder().encode(text);
const base64 = (data) => btoa(String.fromCharCode(...new Uint8Array(data)));
const raw = (spelled) => Uint8Array.from(atob(spelled), (letter) => letter.charCodeAt(0));
const ED25519 = { name: "Ed25519" };
let signer = null;

const digest = async (body) => `sha-256=:${base64(await crypto.subtle.digest("SHA-256", bytes(body)))}:`;

async function imported(text) {
  const named = text.match(/-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/);
  if (named) return crypto.subtle.importKey("pkcs8", raw(named[1].replace(/\s/g, "")), ED25519, false, ["sign"]);
  const { kty, crv, x, d } = JSON.parse(text);
  return crypto.subtle.importKey("jwk", { kty, crv, x, d }, ED25519, false, ["sign"]);
}

async function load() {
  signer = null;
  const file = part("file").files[0];
  if (!file) return;
  try {
    signer = await imported(await file.text());
    part("said").textContent = words.ready;
  } catch {
    part("said").textContent = words.badKey;
  }
}

async function signed(key, method, path, query, fields, body) {
  const values = { "@method": method, "@authority": location.host.toLowerCase(), "@path": path, "@query": `?${query}` };
  if (body) fields["content-digest"] = await digest(body);
  for (const name of ["content-digest", "x-road-client", "jutong-agreement", "jutong-purpose"])
    if (fields[name]) values[name] = fields[name];
  const covered = Object.keys(values).map((name) => `"${name}"`).join(" ");
  const nonce = base64(crypto.getRandomValues(new Uint8Array(18)));
  const created = Math.floor(Date.now() / 1000);
  const params = `(${covered});created=${created};keyid="${fields["x-road-client"]}";nonce="${nonce}";alg="ed25519";tag="jutong"`;
  const lines = Object.entries(values).map(([name, value]) => `"${name}": ${value}\n`);
  const signature = base64(await crypto.subtle.sign(ED25519, key, bytes(`${lines.join("")}"@signature-params": ${params}`)));
  return { ...fields, "signature-input": `sig1=${params}`, signature: `sig1=:${signature}:` };
}

// Whether the node's key signed this answer to this very request (the gateway binds each answer to its request).
async function proven(method, sent, response, body) {
  const stated = response.headers.get("signature-input") ?? "";
  const made = (response.headers.get("signature") ?? "").match(/^sig1=:(.+):$/);
  if (!stated.startsWith("sig1=(") || !made) return false;
  if (response.headers.get("content-digest") !== (await digest(body))) return false;
  const values = {
    '"@status"': String(response.status),
    '"content-digest"': response.headers.get("content-digest"),
    '"jutong-call"': response.headers.get("jutong-call"),
    '"@method";req': method,
    '"signature";req': sent.signature,
  };
  const params = stated.slice("sig1=".length);
  const covered = params.slice(1, params.indexOf(")")).split(" ");
  if (covered.length !== 5 || covered.some((name) => values[name] === undefined)) return false;
  const lines = covered.map((name) => `${name}: ${values[name]}\n`).join("");
  const key = await crypto.subtle.importKey("raw", raw(words.nodeKey), ED25519, false, ["verify"]);
  return crypto.subtle.verify(ED25519, key, raw(made[1]), bytes(`${lines}"@signature-params": ${params}`));
}

function asked() {
  const method = part("method").value;
  const key = part("key").value.trim();
  const path = words.path.split("/").map(encodeURIComponent).join("/");
  if (method === "verify") {
    const stated = [...place.querySelectorAll("[data-fact]")].filter((one) => one.value.trim());
    const facts = Object.fromEntries(stated.map((one) => [one.dataset.fact, one.value.trim()]));
    return { method: "POST", path: `/r1/${path}/verify`, query: "", body: JSON.stringify({ key, facts }), empty: !stated.length };
  }
  const items = [...place.querySelectorAll("[data-item]:checked")].map((one) => encodeURIComponent(one.dataset.item));
  const query = items.length ? `items=${items.join(",")}` : "";
  return { method: "GET", path: `/r1/${path}/${encodeURIComponent(key)}`, query, body: "", empty: false };
}

function shown(request, sent, response, text) {
  const target = request.path + (request.query ? `?${request.query}` : "");
  const head = Object.entries(sent).map(([name, value]) => `${name}: ${value}`);
  part("request").textContent = [`${request.method} ${target}`, ...head, "", request.body].join("\n").trimEnd();
  let body = text;
  try {
    body = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // shown as it came
  }
  const back = [...response.headers].map(([name, value]) => `${name}: ${value}`);
  part("response").textContent = [`${response.status}`, ...back, "", body].join("\n");
  part("result").hidden = false;
}

async function call() {
  part("said").textContent = "";
  if (!signer || !part("key").value.trim()) return void (part("said").textContent = words.noKey);
  const request = asked();
  if (request.empty) return void (part("said").textContent = words.noFact);
  const fields = { "x-road-client": part("system").value, "jutong-agreement": words.agreement, "jutong-purpose": part("purpose").value };
  const sent = await signed(signer, request.method, request.path, request.query, fields, request.body);
  try {
    const target = request.path + (request.query ? `?${request.query}` : "");
    const response = await fetch(target, { method: request.method, headers: sent, body: request.body || undefined, credentials: "omit", cache: "no-store" });
    const text = await response.text();
    shown(request, sent, response, text);
    part("proof").textContent = (await proven(request.method, sent, response, text)) ? words.proven : words.unproven;
    const receipt = part("receipt");
    const id = response.headers.get("jutong-call");
    receipt.hidden = !id;
    if (id) {
      receipt.href = `/receipts/${id}`;
      receipt.textContent = words.receipt;
    }
    part("response").focus();
  } catch {
    part("said").textContent = words.noAnswer;
  }
}

async function begin() {
  place.hidden = false;
  try {
    await crypto.subtle.generateKey(ED25519, false, ["sign", "verify"]);
  } catch {
    part("said").textContent = words.noEd25519;
    part("call").disabled = true;
    return;
  }
  part("file").addEventListener("change", load);
  part("call").addEventListener("click", call);
}

if (place) begin();
