// The code of an invitation stands behind the # of its link, so that no server and no log sees it; without this one types it.
const field = document.getElementById("field-code");
const code = decodeURIComponent(location.hash.slice(1));
if (field && code && !field.value) {
  field.value = code;
  history.replaceState(null, "", location.pathname);
  document.getElementById("field-password")?.focus();
}
