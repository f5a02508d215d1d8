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
  python: ({ origin, key }) => `# pip install ./clients/python   (in a checkout of the project)
import sys

from video_sentiment_client import Client, VideoSentimentError

try:
    with Client("${origin}", "${key}") as client:
        analysis = client.analyze("talk.mp4")
except VideoSentimentError as error:
    sys.exit(f"error: {error}")

for utterance in analysis.result.utterances:
    top = utterance.emotion
    print(f"{utterance.start_time:6.1f} s  {top.label:9} {top.confidence:4.0%}  {utterance.text}")
`,
  javascript: ({ origin, key }) => `// npm install ./clients/typescript   (built in a checkout of the project)
import { openAsBlob } from "node:fs";
import { Client, VideoSentimentError } from "video-sentiment-client";

try {
  const client = new Client({ baseUrl: "${origin}", apiKey: "${key}" });
  const video = await openAsBlob("talk.mp4");
  const { analysis } = await client.analyze(video, { fileName: "talk.mp4" });
  for (const { start_time, text, emotions } of analysis.utterances) {
    const [{ label, confidence }] = emotions;
    console.log(\`\${start_time.toFixed(1)} s  \${label} \${Math.round(100 * confidence)}%  \${text}\`);
  }
} catch (error) {
  if (!(error instanceof VideoSentimentError)) throw error;
  console.error(\`error: \${error.message}\`);
  process.exitCode = 1;
}
`,
};
