import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";

import { Card } from "@/design/card";
import { clock } from "@/lib/format";

import { Axis, Chart } from "./chart";
import { Distributions, Prediction, UtteranceText } from "./details";
import { Disclaimer, Facts, Warnings } from "./notes";
import { SpeakerName } from "@/features/people/mark";
import type { Speaker, Speakers } from "@/features/people/edits";
import { Overall } from "./overall";
import type { Analysis, Utterance } from "./types";

/** Build a self-contained HTML report: no script, no requests, no video. */
export async function staticReport(analysis: Analysis, speakers: Speakers, name: string): Promise<Blob> {
  const body = markup(
    <main>
      <Report analysis={analysis} speakers={speakers} name={name} />
    </main>,
  );
  const style = styles();
  const policy = `default-src 'none'; style-src 'sha256-${await sha256(style)}'; base-uri 'none'; form-action 'none'`;
  const title = document.createElement("title");
  title.textContent = `${name}: emotions`;
  const head = [
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    title.outerHTML,
    `<style>${style}</style>`,
  ];
  return new Blob(
    [`<!doctype html>\n<html lang="en">\n<head>\n${head.join("\n")}\n</head>\n<body>${body}</body>\n</html>\n`],
    {
      type: "text/html",
    },
  );
}

/** Render to HTML with the page's own renderer, which saves downloading react-dom/server. */
function markup(report: React.ReactNode): string {
  const container = document.createElement("div");
  const root = createRoot(container);
  flushSync(() => root.render(report));
  const html = container.innerHTML;
  root.unmount();
  return html;
}

/** Return this page's style rules without its fonts, which a single file lacks. */
function styles(): string {
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  return rules.flatMap((rule) => (rule instanceof CSSFontFaceRule ? [] : [rule.cssText])).join("\n");
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

export interface ReportProps {
  analysis: Analysis;
  speakers: Speakers;
  name: string;
}

/** All values of an analysis on one page, without controls. */
export function Report({ analysis, speakers, name }: ReportProps) {
  return (
    <div className="mx-auto grid max-w-4xl gap-5 px-4 py-8 print:block print:max-w-none print:space-y-4 print:p-0">
      <header className="grid gap-2">
        <h1 className="text-2xl">{name}</h1>
        <Facts analysis={analysis} />
      </header>
      <Warnings analysis={analysis} />
      <Overall analysis={analysis} />
      <Card title="Emotion over time">
        <Chart analysis={analysis} />
        <Axis duration={analysis.video.duration_s} />
      </Card>
      <ol className="grid gap-5 print:block print:space-y-4">
        {analysis.utterances.map((utterance, index) => (
          <li key={index} className="card break-inside-avoid p-5">
            <Heading utterance={utterance} speaker={speakers.get(utterance.speaker ?? "")} />
            <Prediction {...utterance} />
            <p className="mt-1 mb-4">
              <UtteranceText text={utterance.text} />
            </p>
            <Distributions utterance={utterance} />
          </li>
        ))}
      </ol>
      <Disclaimer />
    </div>
  );
}

function Heading({ utterance, speaker }: { utterance: Utterance; speaker?: Speaker }) {
  return (
    <div className="flex flex-wrap items-center gap-x-4 text-[13px]">
      <p className="numbers text-muted">
        {clock(utterance.start_time)} – {clock(utterance.end_time)}
      </p>
      {speaker && <SpeakerName speaker={speaker} className="font-medium" />}
    </div>
  );
}
