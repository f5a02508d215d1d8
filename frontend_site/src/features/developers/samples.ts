/** Code that works as it stands: with this site's own address, and a key where one is at hand. */

export const PLACEHOLDER = "YOUR_API_KEY";

export const LANGUAGES = [
  { value: "curl", label: "cURL" },
  { value: "python", label: "Python" },
  { value: "javascript", label: "JavaScript" },
] as const;

export type Language = (typeof LANGUAGES)[number]["value"];

export interface Place {
  origin: string; // of this site, without a slash at its end
  key: string;
}

export const SAMPLES: Record<Language, (place: Place) => string> = {
  curl: ({ origin, key }) => `API_KEY=${key}
FILE=talk.mp4

# 1. Ask where the file goes
curl -sS --fail-with-body ${origin}/api/upload-url \\
  -H "Authorization: Bearer $API_KEY" \\
  --json '{"fileType": ".mp4"}' > upload.json
field() { python3 -c \\
  "import json; print(json.load(open('upload.json'))['$1'])"; }

# 2. Send it
curl -sS --fail-with-body -T "$FILE" \\
  -H "Content-Type: video/mp4" "$(field url)"

# 3. Analyze it. Within 25 s comes the result, else where it will be
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


def ask(method, path, **options):
    return api.request(method, path, **options).raise_for_status().json()


video = Path("talk.mp4")

upload = ask("POST", "/upload-url", json={"fileType": video.suffix, "fileSize": video.stat().st_size})
httpx.put(upload["url"], content=video.read_bytes(), headers=upload["headers"], timeout=None).raise_for_status()

answer = ask("POST", "/sentiment-inference", json={"key": upload["key"], "fileName": video.name})
while "analysis" not in answer or answer["analysis"] is None:
    if answer["status"] == "failed":
        raise SystemExit(answer["error"]["message"])
    time.sleep(5)
    answer = ask("GET", f"/analyses/{answer['id']}")

for utterance in answer["analysis"]["utterances"]:
    best = utterance["emotions"][0]
    print(f"{utterance['start_time']:6.1f} s  {best['label']:9} {best['confidence']:4.0%}  {utterance['text']}")
`,
  javascript: ({ origin, key }) => `import { readFile } from "node:fs/promises";

const headers = { Authorization: "Bearer ${key}", "Content-Type": "application/json" };

async function ask(method, path, body) {
  const response = await fetch("${origin}/api" + path, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

const video = await readFile("talk.mp4");

const upload = await ask("POST", "/upload-url", { fileType: ".mp4", fileSize: video.length });
const sent = await fetch(upload.url, { method: "PUT", headers: upload.headers, body: video });
if (!sent.ok) throw new Error(\`upload: \${sent.status}\`);

let answer = await ask("POST", "/sentiment-inference", { key: upload.key, fileName: "talk.mp4" });
while (!answer.analysis) {
  if (answer.status === "failed") throw new Error(answer.error.message);
  await new Promise((resolve) => setTimeout(resolve, 5000));
  answer = await ask("GET", \`/analyses/\${answer.id}\`);
}

for (const { start_time, text, emotions } of answer.analysis.utterances) {
  console.log(\`\${start_time.toFixed(1)} s  \${emotions[0].label} \${Math.round(100 * emotions[0].confidence)}%  \${text}\`);
}
`,
};
