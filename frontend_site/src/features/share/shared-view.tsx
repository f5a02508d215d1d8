"use client";

import { useQuery } from "@tanstack/react-query";
import { ExternalLink, Printer } from "lucide-react";
import { useEffect, useState } from "react";

import { ApiError, explain } from "@/api/errors";
import { Button, ButtonLink } from "@/design/button";
import { Failure, Loading } from "@/design/feedback";
import { Logo } from "@/design/logo";
import { nameOf } from "@/features/analyses/names";
import { Explorer } from "@/features/analysis/explorer";
import { Disclaimer, Facts, Warnings } from "@/features/analysis/notes";
import { Playback } from "@/features/analysis/playback";
import { Player } from "@/features/analysis/player";
import { PrintReport } from "@/features/analysis/print-report";
import { TimelineCard } from "@/features/analysis/timeline-card";
import { Transcript } from "@/features/analysis/transcript";
import { speakersOf } from "@/features/people/edits";
import { when } from "@/lib/format";
import { QueryProvider } from "@/lib/query";

import { fetchShared, useToken, type Shared } from "./shared-analysis";

/** Page of the analysis whose link's token is in the fragment. `compact`: for a frame in another site's page. */
export function SharedView({ compact = false }: { compact?: boolean }) {
  return (
    <QueryProvider>
      <Linked compact={compact} />
    </QueryProvider>
  );
}

function Linked({ compact }: { compact: boolean }) {
  const token = useToken();
  const query = useQuery({
    queryKey: ["shared", token],
    enabled: token !== null && token !== "",
    queryFn: ({ signal }) => fetchShared(token ?? "", signal),
    staleTime: Infinity,
  });
  const { data: shared, error } = query;
  const isMissing = token === "" || (error instanceof ApiError && error.status === 404);
  if (token !== null && shared) {
    return compact ? <Embedded token={token} shared={shared} /> : <Page token={token} shared={shared} />;
  }
  return (
    <main className="mx-auto grid w-full max-w-3xl gap-5 px-4 py-8">
      {isMissing ? (
        <Missing />
      ) : error ? (
        <Failure message={explain(error)} onRetry={() => void query.refetch()} />
      ) : (
        <Loading label="Loading analysis" lines={5} />
      )}
    </main>
  );
}

interface Props {
  token: string;
  shared: Shared;
}

function Page({ token, shared }: Props) {
  const { analysis, expiresAt, video } = shared;
  const { name, speakers, playback, player } = useParts(token, shared);
  return (
    <>
      <header className="border-b border-line bg-surface print:hidden">
        <div className="mx-auto flex max-w-[85rem] flex-wrap items-center justify-between gap-x-6 gap-y-1 px-4 py-3 sm:px-6">
          <Logo />
          <p className="numbers text-[13px] text-muted">Read-only link, expires {when(new Date(expiresAt))}</p>
        </div>
      </header>
      <main className="mx-auto grid w-full max-w-[85rem] gap-5 px-4 py-6 sm:px-6 print:hidden">
        <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
          <div className="grid min-w-0 gap-1">
            <h1 className="text-xl">{name}</h1>
            <Facts analysis={analysis} />
          </div>
          <Button size="small" onClick={() => print()}>
            <Printer className="size-4" aria-hidden="true" />
            Print or save as PDF
          </Button>
        </div>
        <Warnings analysis={analysis} />
        <Explorer {...{ analysis, speakers, playback, player }} videoUrl={video?.url} people={null} />
        <Disclaimer />
      </main>
      <PrintReport {...{ analysis, speakers, name }} />
    </>
  );
}

/** Compact layout: video, curves and transcript, with a link to the full page. */
function Embedded({ token, shared }: Props) {
  const { analysis } = shared;
  const { name, speakers, playback, player } = useParts(token, shared);
  return (
    <main className="grid gap-3 p-3">
      <div className="flex items-center justify-between gap-4">
        <h1 className="min-w-0 truncate text-[15px]">{name}</h1>
        {/* A new window, as the full page may not be shown in a frame. */}
        <a
          href={`/s/#${token}`}
          target="_blank"
          rel="noopener"
          className="flex shrink-0 items-center gap-1.5 text-[13px] text-muted hover:text-text"
        >
          Open full page
          <ExternalLink className="size-3.5" aria-hidden="true" />
        </a>
      </div>
      {player}
      {analysis.utterances.length > 0 && (
        <>
          <TimelineCard analysis={analysis} playback={playback} />
          <Transcript {...{ analysis, speakers, playback }} />
        </>
      )}
      <p className="text-[13px] text-muted">
        Apparent emotion, predicted from text, voice and face: not what a person feels.
      </p>
    </main>
  );
}

function useParts(token: string, shared: Shared) {
  const { analysis, video } = shared;
  const [playback] = useState(() => new Playback(analysis.video.duration_s));
  const name = nameOf(shared);
  useEffect(() => {
    document.title = `${name} · Video Sentiment`;
  }, [name]);
  const player = video && (
    <Player
      id={token}
      name={name}
      size={analysis.video}
      playback={playback}
      utterances={analysis.utterances}
      language={analysis.language}
      url={video.url}
      fetchUrl={async (signal) => (await fetchShared(token, signal)).video?.url ?? ""}
    />
  );
  const people = analysis.people ?? [];
  return { name, speakers: speakersOf(people, people), playback, player };
}

function Missing() {
  return (
    <div className="card mx-auto grid max-w-lg justify-items-center gap-2 p-8 text-center">
      <h1 className="text-lg">This link doesn&apos;t work</h1>
      <p className="text-sm text-muted">
        It has expired or was revoked, or its address is incomplete. Ask the person who sent it for a new one.
      </p>
      <ButtonLink href="/" className="mt-3">
        Go to home page
      </ButtonLink>
    </div>
  );
}
