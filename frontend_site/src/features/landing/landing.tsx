import {
  AudioLines,
  Clapperboard,
  FolderInput,
  MessageSquareText,
  ScanFace,
  Terminal,
  type LucideIcon,
} from "lucide-react";

import { ButtonLink } from "@/design/button";
import { Logo } from "@/design/logo";
import { ThemeToggle } from "@/design/theme-toggle";
import { LegalLinks } from "@/features/legal/links";

import { Demo } from "./demo";
import { EntryLinks } from "./entry-links";

const SIGNALS: Point[] = [
  {
    icon: MessageSquareText,
    title: "Text",
    text: "Speech is transcribed, split into utterances, and read in context.",
  },
  {
    icon: AudioLines,
    title: "Voice",
    text: "Tone of voice, independent of the words: loud, flat, trembling.",
  },
  {
    icon: ScanFace,
    title: "Face",
    text: "The speaker's face is detected and tracked, and analyzed four times a second.",
  },
];

const ENTRY_POINTS: Point[] = [
  {
    icon: Clapperboard,
    title: "In the browser",
    text: "Upload videos, follow the progress, explore every utterance, and export CSV, subtitles or a report.",
  },
  {
    icon: Terminal,
    title: "With the API",
    text: "Three calls with an API key: request an upload URL, send the file, get the result. Webhooks notify you when it's done.",
  },
  {
    icon: FolderInput,
    title: "With a drop folder",
    text: "Copy files to your drop folder in S3; results appear in your results folder under the same name.",
  },
];

const LIMITATIONS = [
  "It predicts apparent emotion: how a person looks and sounds, not what they feel. Do not use it to make decisions about people.",
  "In the European Union, inferring emotions in the workplace or in education is prohibited (AI Act, Article 5(1)(f)).",
  "The starter model is for research and evaluation. The combination of text, voice and face was measured on examples assembled from recordings of different people, not on real clips.",
  "It predicts neutral too often, as in the example above, and performs poorly on voices unlike those it was trained on.",
  "It reads English text only. For other languages it uses only voice and face.",
  "It expects one speaker at a time and does not distinguish speakers by voice.",
];

interface Point {
  icon: LucideIcon;
  title: string;
  text: string;
}

export function Landing() {
  return (
    <div className="mx-auto max-w-[76rem] px-4 sm:px-6">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2 py-4">
        <Logo />
        <div className="ml-auto flex items-center gap-1.5">
          <span className="max-sm:hidden">
            <ThemeToggle />
          </span>
          <EntryLinks />
        </div>
      </header>
      <main className="grid gap-20 pt-12 pb-20 sm:pt-20">
        <section className="grid justify-items-center gap-5 text-center">
          <h1 className="max-w-[18ch] text-4xl leading-[1.08] tracking-[-0.03em] sm:text-6xl">
            See the emotion in a video, moment by moment
          </h1>
          <p className="max-w-[54ch] text-lg text-muted text-pretty">
            Upload a video. For every utterance, get the transcript, seven emotion scores and the sentiment, predicted
            from text, voice and face together, and see how much each contributed.
          </p>
          <div className="flex flex-wrap justify-center gap-3">
            <ButtonLink href="/sign-up/" variant="primary" size="large">
              Analyze a video
            </ButtonLink>
            <ButtonLink href="/docs/" size="large" prefetch={false}>
              API reference
            </ButtonLink>
          </div>
        </section>
        <Demo />
        <Points id="signals" title="Three signals, one result" points={SIGNALS} />
        <Points id="entry-points" title="Three ways to use it" points={ENTRY_POINTS} />
        <section aria-labelledby="limitations-title" className="card grid gap-4 p-6 sm:p-8">
          <h2 id="limitations-title" className="text-xl">
            Limitations
          </h2>
          <ul className="grid max-w-[80ch] list-disc gap-2 pl-5 text-muted marker:text-outline">
            {LIMITATIONS.map((limitation) => (
              <li key={limitation}>{limitation}</li>
            ))}
          </ul>
        </section>
      </main>
      <footer className="flex flex-wrap items-center gap-x-6 gap-y-2 border-t border-line py-6 text-[13px] text-muted">
        <p className="mr-auto">
          Video Sentiment. The code is under the MIT license; the starter model is for research and evaluation only.
        </p>
        <LegalLinks />
        <a href="/docs/" className="hover:text-text">
          API reference
        </a>
        <span className="sm:hidden">
          <ThemeToggle />
        </span>
      </footer>
    </div>
  );
}

function Points({ id, title, points }: { id: string; title: string; points: Point[] }) {
  return (
    <section aria-labelledby={id} className="grid gap-5">
      <h2 id={id} className="text-xl">
        {title}
      </h2>
      <ul className="grid gap-4 md:grid-cols-3">
        {points.map(({ icon: Icon, title: name, text }) => (
          <li key={name} className="card grid content-start gap-2 p-5">
            <Icon className="size-6 text-accent" strokeWidth={1.6} aria-hidden="true" />
            <h3 className="text-base">{name}</h3>
            <p className="text-sm text-muted">{text}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
