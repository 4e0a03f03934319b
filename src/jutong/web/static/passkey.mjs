// Passkeys: asks a device to make one or to sign with one. Without this the password's way remains.
const bytes = (spelled) =>
  Uint8Array.from(atob(spelled.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const spell = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

function read(options) {
  const asked = { ...options.publicKey, challenge: bytes(options.publicKey.challenge) };
  if (asked.user) asked.user = { ...asked.user, id: bytes(asked.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"])
    if (asked[list]) asked[list] = asked[list].map((one) => ({ ...one, id: bytes(one.id) }));
  return { publicKey: asked };
}

function told(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
    if (credential.response[name]) response[name] = spell(credential.response[name]);
  return JSON.stringify({ id: credential.id, rawId: spell(credential.rawId), type: credential.type, response });
}

async function go(form) {
  const trouble = form.querySelector("[data-trouble]");
  trouble.hidden = true;
  try {
    const csrf = form.elements.namedItem("_csrf").value;
    const answer = await fetch(form.dataset.passkey, { method: "POST", body: new URLSearchParams({ _csrf: csrf }) });
    if (!answer.ok || answer.redirected) throw new Error("no challenge");
    const options = read(await answer.json());
    const made = options.publicKey.user
      ? await navigator.credentials.create(options)
      : await navigator.credentials.get(options);
    form.elements.namedItem("credential").value = told(made);
    form.submit();
  } catch {
    trouble.hidden = false;
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  for (const other of document.querySelectorAll("[data-without-passkey]")) other.hidden = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(form);
  });
}
