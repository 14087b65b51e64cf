"""Code that calls the endpoints, as the page shows it; the tests run it as it stands here."""

ADDRESS = "http://127.0.0.1:7860"
"""Where the app listens by default; the page shows its own address in this one's place."""

PYTHON = f"""\
from gradio_client import Client, handle_file

client = Client("{ADDRESS}")
answer = client.predict(handle_file("clip.wav"), api_name="/predict")
print(answer["status"], answer["label"], answer["confidence"])

both = [handle_file("clip.wav"), handle_file("other.wav")]
for one in client.predict(both, api_name="/compare"):
    print(one["position"], one.get("label"), one.get("error"))
"""

JAVASCRIPT = f"""\
import {{ readFile }} from "node:fs/promises";
import {{ Client, handle_file }} from "@gradio/client";

// In a page, the file of an <input type="file"> takes this one's place.
const clip = new Blob([await readFile("clip.wav")]);
const client = await Client.connect("{ADDRESS}");
const {{ data }} = await client.predict("/predict", {{ audio: handle_file(clip) }});
console.log(data[0].status, data[0].label, data[0].confidence);
process.exit(); // in Node.js, the client would go on listening
"""

CURL = (
    f"url={ADDRESS}"
    + r"""/gradio_api
path=$(curl -s -F files=@clip.wav $url/upload | tr -d '[]"')
event=$(curl -s $url/call/predict -H 'Content-Type: application/json' \
  -d "{\"data\": [{\"path\": \"$path\", \"meta\": {\"_type\": \"gradio.FileData\"}}]}" \
  | cut -d'"' -f4)
curl -sN $url/call/predict/$event
"""
)

MCP = f"""\
{{
  "mcpServers": {{
    "speech-emotion": {{
      "url": "{ADDRESS}/gradio_api/mcp/"
    }}
  }}
}}
"""

SNIPPETS = {"python": PYTHON, "javascript": JAVASCRIPT, "curl": CURL, "mcp": MCP}
"""By the name that text.SNIPPET_NAMES has for them."""

# Browsers allow the clipboard on https:// and localhost; elsewhere the code is selected instead.
SNIPPETS_SCRIPT = """
const status = element.querySelector("[data-copied]");
const here = window.location.origin + window.location.pathname.replace(/\\/+$/, "");
for (const code of element.querySelectorAll("code"))
  code.textContent = code.textContent.replaceAll(status.dataset.address, here);
element.addEventListener("click", async event => {
  const button = event.target.closest(".ser-copy");
  if (!button) return;
  const code = button.closest("figure").querySelector("code");
  status.textContent = "";
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.dataset.words ??= button.textContent;
    status.textContent = button.textContent = status.dataset.copied;
    setTimeout(() => { button.textContent = button.dataset.words; }, 2000);
  } catch {
    window.getSelection().selectAllChildren(code);
  }
});
"""
