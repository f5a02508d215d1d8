/** Code samples that run unchanged, with this site's URL and, if available, a key. */

export const PLACEHOLDER = "YOUR_API_KEY";

export const LANGUAGES = [
  { value: "curl", label: "cURL" },
  { value: "python", label: "Python" },
  { value: "javascript", label: "JavaScript" },
] as const;

export type Language = (typeof LANGUAGES)[number]["value"];

export interface SampleOptions {
  origin: string; // of this site, without a trailing slash
  key: string;
}

export const SAMPLES: Record<Language, (options: SampleOptions) => string> = {
  curl: ({ origin, key }) => `API_KEY=${key}
FILE=talk.mp4

# 1. Request an upload URL
curl -sS --fail-with-body ${origin}/api/upload-url \\
  -H "Authorization: Bearer $API_KEY" \\
  --json '{"fileType": ".mp4"}' > upload.json
field() { python3 -c \\
  "import json; print(json.load(open('upload.json'))['$1'])"; }

# 2. Upload the file
curl -sS --fail-with-body -T "$FILE" \\
  -H "Content-Type: video/mp4" "$(field url)"

# 3. Analyze it; returns the result or, after 25 s, a status URL
curl -sS --fail-with-body ${origin}/api/sentiment-inference \\
  -H "Authorization: Bearer $API_KEY" \\
  --json "{\\"key\\": \\"$(field key)\\"}"
`,
  python: ({ origin, key }) => `import time
from pathlib import Path

import httpx

api = httpx.Client(
    base_url="${origin}/api",
    headers={"Authorization": "Bearer ${key}"},
    timeout=60,
)


def call(method, path, **options):
    return api.request(method, path, **options).raise_for_status().json()


video = Path("talk.mp4")

upload = call("POST", "/upload-url", json={"fileType": video.suffix, "fileSize": video.stat().st_size})
httpx.put(upload["url"], content=video.read_bytes(), headers=upload["headers"], timeout=None).raise_for_status()

result = call("POST", "/sentiment-inference", json={"key": upload["key"], "fileName": video.name})
while "analysis" not in result or result["analysis"] is None:
    if result["status"] == "failed":
        raise SystemExit(result["error"]["message"])
    time.sleep(5)
    result = call("GET", f"/analyses/{result['id']}")

for utterance in result["analysis"]["utterances"]:
    best = utterance["emotions"][0]
    print(f"{utterance['start_time']:6.1f} s  {best['label']:9} {best['confidence']:4.0%}  {utterance['text']}")
`,
  javascript: ({ origin, key }) => `import { readFile } from "node:fs/promises";

const headers = { Authorization: "Bearer ${key}", "Content-Type": "application/json" };

async function call(method, path, body) {
  const response = await fetch("${origin}/api" + path, { method, headers, body: body && JSON.stringify(body) });
  const result = await response.json();
  if (!response.ok) throw new Error(result.error);
  return result;
}

const video = await readFile("talk.mp4");

const upload = await call("POST", "/upload-url", { fileType: ".mp4", fileSize: video.length });
const uploaded = await fetch(upload.url, { method: "PUT", headers: upload.headers, body: video });
if (!uploaded.ok) throw new Error(\`Upload failed: \${uploaded.status}\`);

let result = await call("POST", "/sentiment-inference", { key: upload.key, fileName: "talk.mp4" });
while (!result.analysis) {
  if (result.status === "failed") throw new Error(result.error.message);
  await new Promise((resolve) => setTimeout(resolve, 5000));
  result = await call("GET", \`/analyses/\${result.id}\`);
}

for (const { start_time, text, emotions } of result.analysis.utterances) {
  console.log(\`\${start_time.toFixed(1)} s  \${emotions[0].label} \${Math.round(100 * emotions[0].confidence)}%  \${text}\`);
}
`,
};
