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

import { Demo } from "./demo";
import { EntryLinks } from "./entry-links";

const SENSES: Point[] = [
  {
    icon: MessageSquareText,
    title: "Words",
    text: "Speech is transcribed, cut into sentences, and read in the context of what was said before.",
  },
  {
    icon: AudioLines,
    title: "Voice",
    text: "How a sentence is spoken is heard apart from what it says: loud, flat, trembling.",
  },
  {
    icon: ScanFace,
    title: "Face",
    text: "The face of who speaks is found, followed, and looked at four times a second.",
  },
];

const DOORS: Point[] = [
  {
    icon: Clapperboard,
    title: "In the browser",
    text: "Drop videos, watch the progress, variant into every sentence, take it away as CSV, subtitles or a page.",
  },
  {
    icon: Terminal,
    title: "By API",
    text: "Three calls with a key: ask for a URL, send the file, get the result. Webhooks tell when it is done.",
  },
  {
    icon: FolderInput,
    title: "By drop folder",
    text: "Put files into your folder in S3; results appear beside them under the same name.",
  },
];

const LIMITS = [
  "It predicts apparent emotion: how something looks and sounds, not what anybody feels. Do not use it to make decisions about people.",
  "In the European Union, inferring emotions at work or in education is prohibited (AI Act, Article 5(1)(f)).",
  "The starter model is for research and evaluation. How words, voice and face are combined was measured on examples put together from recordings of different people, not on real clips.",
  "It says neutral too often, as in the example above, and does poorly on voices unlike those it learned from.",
  "Words are read in English. In other languages only voice and face are used.",
  "One speaker at a time: it tells nobody apart by voice.",
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
            See how a video feels, sentence by sentence
          </h1>
          <p className="max-w-[54ch] text-lg text-muted text-pretty">
            Upload a video. Get every sentence with its time, its words, seven emotions and the sentiment, predicted
            from words, voice and face together, and see how much each contributed.
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
        <Points id="senses" title="Three signals, one result" points={SENSES} />
        <Points id="doors" title="Three ways in" points={DOORS} />
        <section aria-labelledby="limits-title" className="card grid gap-4 p-6 sm:p-8">
          <h2 id="limits-title" className="text-xl">
            What it cannot do
          </h2>
          <ul className="grid max-w-[80ch] list-disc gap-2 pl-5 text-muted marker:text-outline">
            {LIMITS.map((limit) => (
              <li key={limit}>{limit}</li>
            ))}
          </ul>
        </section>
      </main>
      <footer className="flex flex-wrap items-center gap-x-6 gap-y-2 border-t border-line py-6 text-[13px] text-muted">
        <p className="mr-auto">
          Video Sentiment. The code is under the MIT licence; the starter model is for research and evaluation only.
        </p>
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
