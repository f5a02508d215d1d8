"use client";

import { ArrowLeft, Trash2 } from "lucide-react";
import Link from "next/link";
import { useRouter, useSearchParams } from "next/navigation";
import { lazy, Suspense, useEffect, useState, type ReactNode } from "react";

import { ApiError, explain, isFileProblem, sentence } from "@/api/errors";
import { Button, ButtonLink, IconButton } from "@/design/button";
import { Failure, Loading, Note } from "@/design/feedback";
import { Progress } from "@/design/progress";
import { nameOf } from "@/features/analyses/names";
import { fetchVideoUrl, isRunning, useAnalysis, useCancel, useRetry, type Detail } from "@/features/analyses/queries";
import { remainingTime, statusText } from "@/features/analyses/stages";
import { useDelete } from "@/features/analyses/use-delete";
import { EXAMPLE_ID, exampleCaptions } from "@/features/demonstration/example";
import { useEditPeople } from "@/features/people/api";
import { editsOf, onlyOf, speakersOf, withEdits } from "@/features/people/edits";
import { ShareButton } from "@/features/share/share-button";
import { ChooseVideos } from "@/features/uploads/choose-videos";

import { ExportMenu } from "./exports";
import { Disclaimer, Facts, Retention, Warnings } from "./notes";
import { Playback } from "./playback";
import { useTimeInAddress } from "./time-in-address";
import { Player, useVideoUrl } from "./player";
import { Shortcuts } from "./shortcuts";
import type { Analysis } from "./types";

// Loaded on demand: parts of few results, and parts that are shown with the result, which takes longer to load.
const ExampleNote = lazy(async () => ({ default: (await import("@/features/demonstration/note")).ExampleNote }));
const PeopleHint = lazy(async () => ({ default: (await import("@/features/people/hint")).PeopleHint }));
const Explorer = lazy(async () => ({ default: (await import("./explorer")).Explorer }));
const PrintReport = lazy(async () => ({ default: (await import("./print-report")).PrintReport }));
const PeopleCard = lazy(async () => ({ default: (await import("@/features/people/card")).PeopleCard }));

/** Page of the analysis whose id is in the query string. */
export function AnalysisView() {
  const id = useSearchParams().get("id") ?? "";
  const query = useAnalysis(id, { enabled: id !== "" });
  const { data: detail, error } = query;
  if (id === "" || (error instanceof ApiError && error.status === 404)) return <Missing />;
  if (!detail) {
    return error ? (
      <Failure message={explain(error)} onRetry={() => void query.refetch()} />
    ) : (
      <Loading label="Loading analysis" lines={5} />
    );
  }
  return (
    <div className="grid gap-5">
      {detail.analysis ? <Result detail={detail} analysis={detail.analysis} /> : <Unfinished detail={detail} />}
    </div>
  );
}

function Header({ detail, actions }: { detail: Detail; actions?: ReactNode }) {
  const name = nameOf(detail);
  const router = useRouter();
  const remove = useDelete();
  useEffect(() => {
    document.title = `${name} · Video Sentiment`;
  }, [name]);
  const leave = () => {
    router.push("/dashboard/");
    void remove(detail);
  };
  return (
    <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="grid min-w-0 gap-1">
        <Link
          href="/dashboard/"
          className="flex items-center gap-1 justify-self-start text-[13px] text-muted hover:text-text"
        >
          <ArrowLeft className="size-3.5" aria-hidden="true" />
          Analyses
        </Link>
        <h1 className="text-xl">{name}</h1>
        {detail.analysis && <Facts analysis={detail.analysis} />}
        <Retention expiresAt={detail.expiresAt} />
      </div>
      <div className="flex items-center gap-1">
        {actions}
        <IconButton label={`Delete ${name}`} onClick={leave}>
          <Trash2 aria-hidden="true" />
        </IconButton>
      </div>
    </header>
  );
}

function Result({ detail, analysis: stored }: { detail: Detail; analysis: Analysis }) {
  const [playback] = useState(() => new Playback(stored.video.duration_s));
  useTimeInAddress(playback);
  const fetchUrl = (signal: AbortSignal) => fetchVideoUrl(detail.id, signal);
  const { data: videoUrl } = useVideoUrl(detail.id, fetchUrl);
  const [chosen, setChosen] = useState<string | null>(null);
  const edits = editsOf(detail);
  const analysis = withEdits(stored, edits);
  const found = stored.people ?? [];
  const speakers = speakersOf(found, analysis.people ?? []);
  const person = analysis.people?.find(({ id }) => id === chosen && speakers.has(id));
  const shown = person ? onlyOf(analysis, person) : analysis;
  const edit = useEditPeople(detail.id);
  const name = nameOf(detail);
  const isExample = detail.id === EXAMPLE_ID;
  const captions = isExample ? exampleCaptions() : undefined;
  const player = (
    <Player
      id={detail.id}
      name={name}
      size={stored.video}
      playback={playback}
      captions={captions}
      utterances={analysis.utterances}
      language={analysis.language}
      fetchUrl={fetchUrl}
    />
  );
  const people = found.length > 0 && (
    <Suspense>
      <PeopleCard
        {...{ id: detail.id, found, edits, analysis, playback }}
        chosen={person?.id ?? null}
        onChoose={setChosen}
        edit={isExample ? undefined : edit}
      />
    </Suspense>
  );
  const actions = (
    <>
      {!isExample && <ShareButton id={detail.id} name={name} />}
      <ExportMenu id={detail.id} name={name} analysis={analysis} speakers={speakers} />
      <Shortcuts analysis={shown} playback={playback} />
    </>
  );
  return (
    <>
      <div className="grid gap-5 print:hidden">
        <Header detail={detail} actions={actions} />
        <Suspense>{isExample && <ExampleNote analysis={analysis} ratings={detail.ratings} />}</Suspense>
        <Warnings analysis={analysis} />
        <Suspense fallback={<Loading label="Loading analysis" lines={5} />}>
          <Explorer
            analysis={shown}
            ratings={person ? undefined : detail.ratings}
            speakers={speakers}
            filter={person && { name: person.label, clear: () => setChosen(null) }}
            {...{ playback, player, videoUrl, people }}
          />
        </Suspense>
        <Suspense>{found.length === 0 && !isExample && <PeopleHint />}</Suspense>
        <Disclaimer />
      </div>
      <Suspense>
        <PrintReport analysis={analysis} speakers={speakers} name={name} />
      </Suspense>
    </>
  );
}

function Unfinished({ detail }: { detail: Detail }) {
  const router = useRouter();
  const retry = useRetry();
  const cancel = useCancel();
  const header = <Header detail={detail} />;
  if (isRunning(detail.status)) {
    return (
      <>
        {header}
        <div className="card mx-auto grid w-full max-w-lg gap-3 p-8" role="status">
          <p className="numbers text-center font-medium">
            {[statusText(detail, detail.progress), remainingTime(detail, detail.progress)].filter(Boolean).join(", ")}
          </p>
          <Progress value={detail.progress?.fraction ?? null} label="Analysis progress" />
          <p className="text-center text-[13px] text-muted">
            Results will appear automatically. You can leave this page.
          </p>
          <Button
            size="small"
            className="justify-self-center"
            busy={cancel.isPending}
            onClick={() => cancel.mutate(detail.id)}
          >
            Cancel analysis
          </Button>
          {cancel.error && <p className="text-center text-[13px] text-danger">{explain(cancel.error)}</p>}
        </div>
      </>
    );
  }
  return (
    <>
      {header}
      <Note tone="problem" className="mx-auto max-w-lg">
        <p>
          {detail.error?.code === "cancelled" ? "" : "The analysis failed: "}
          {sentence(detail.error?.message ?? "unknown error")} You were not charged.
        </p>
        {retry.error && <p>{explain(retry.error)}</p>}
        {isFileProblem(detail.error?.code) ? (
          <ChooseVideos
            size="small"
            className="mt-2"
            inputLabel="Videos to analyze"
            onChosen={() => router.push("/dashboard/")} // which shows the upload
          >
            Choose another file
          </ChooseVideos>
        ) : (
          <Button size="small" className="mt-2" busy={retry.isPending} onClick={() => retry.mutate(detail.id)}>
            Try again
          </Button>
        )}
      </Note>
    </>
  );
}

function Missing() {
  return (
    <div className="card mx-auto grid max-w-lg justify-items-center gap-2 p-8 text-center">
      <h1 className="text-lg">Analysis not found</h1>
      <p className="text-sm text-muted">It may have been deleted, or it belongs to another account.</p>
      <ButtonLink href="/dashboard/" className="mt-3">
        Back to your analyses
      </ButtonLink>
    </div>
  );
}
