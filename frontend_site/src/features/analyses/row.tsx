"use client";

import { Trash2 } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";

import { explain, isFileProblem, sentence } from "@/api/errors";
import { StackBar, Swatch } from "@/design/bars";
import { Badge } from "@/design/badge";
import { Button, IconButton } from "@/design/button";
import { EMOTION_STACK } from "@/design/palette";
import { Progress } from "@/design/progress";
import { useToast } from "@/design/toast";
import type { Score } from "@/features/analysis/timeline";
import { sharesOf } from "@/features/analysis/types";
import { ChooseVideos } from "@/features/uploads/choose-videos";
import { capitalize, clock, count, day, percent, when } from "@/lib/format";

import { latest } from "./lists";
import { nameOf } from "./names";
import { isRunning, useAnalysis, useRetry, type Item } from "./queries";
import { remainingTime, statusText } from "./stages";
import { useDelete } from "./use-delete";

/** Analysis in the list; polls its own state while it is running. */
export function Row({ item: listed }: { item: Item }) {
  const polled = useAnalysis(listed.id, { enabled: isRunning(listed.status) });
  const item = latest(listed, polled.data);
  return (
    <RowLayout item={item} facts={facts(item)}>
      <RowStatus item={item} progress={polled.data?.progress} />
    </RowLayout>
  );
}

/** Example that every new account contains. */
export function ExampleRow({ item }: { item: Item }) {
  const [top] = item.summary?.emotions ?? [];
  return (
    <RowLayout item={item} facts={exampleFacts(item)} badge="Example">
      {top && <EmotionSummary item={item} top={top} scope="on average" />}
    </RowLayout>
  );
}

interface RowLayoutProps {
  item: Item;
  facts: string;
  badge?: string;
  children: ReactNode;
}

function RowLayout({ item, facts, badge, children }: RowLayoutProps) {
  const name = nameOf(item);
  return (
    <li className="relative grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 px-4 py-3 hover:bg-hover md:grid-cols-[minmax(0,5fr)_minmax(0,4fr)_auto]">
      <div className="min-w-0">
        <div className="flex items-center gap-2">
          {/* The link covers the whole row; other controls are positioned above it. */}
          <Link
            href={`/analysis/?id=${item.id}`}
            className="block truncate text-sm font-medium after:absolute after:inset-0"
          >
            {name}
          </Link>
          {badge && <Badge>{badge}</Badge>}
        </div>
        <p className="numbers mt-0.5 text-[13px] text-muted">{facts}</p>
      </div>
      <div className="col-span-2 row-start-2 min-w-0 md:col-span-1 md:col-start-2 md:row-start-1">{children}</div>
      <DeleteButton item={item} name={name} />
    </li>
  );
}

function exampleFacts({ summary }: Item): string {
  const length = summary ? [clock(summary.duration_s), count(summary.utterances, "utterance")] : [];
  return ["One sentence, six ways to say it", ...length].join(" · ");
}

function facts({ createdAt, expiresAt, summary, source }: Item): string {
  const parts = [when(new Date(createdAt))];
  if (summary) parts.push(clock(summary.duration_s), count(summary.utterances, "utterance"));
  if (source === "drop") parts.push("drop folder");
  if (expiresAt) parts.push(`deleted on ${day(new Date(expiresAt))}`);
  return parts.join(" · ");
}

function RowStatus({ item, progress }: { item: Item; progress: Parameters<typeof statusText>[1] }) {
  const text = [statusText(item, progress), remainingTime(item, progress)].filter(Boolean).join(", ");
  if (isRunning(item.status)) {
    return (
      <div className="grid gap-1.5" role="status">
        <p className="numbers text-[13px] text-muted">{text}</p>
        <Progress value={progress?.fraction ?? null} label="Analysis progress" />
      </div>
    );
  }
  if (item.status === "failed") return <Failed item={item} />;
  const [top] = item.summary?.emotions ?? [];
  if (!top) return <p className="text-[13px] text-muted">No speech or face detected</p>;
  return <EmotionSummary item={item} top={top} scope="overall" />;
}

/** Emotions of the whole video: the strongest as text, all of them as a bar. */
function EmotionSummary({ item, top, scope }: { item: Item; top: Score; scope: string }) {
  return (
    <div className="grid gap-1.5">
      <p className="numbers flex items-center gap-1.5 text-[13px]">
        <Swatch kind="emotion" label={top.label} />
        {capitalize(top.label)}{" "}
        <span className="text-muted">
          {percent(top.confidence)} {scope}
        </span>
      </p>
      <StackBar kind="emotion" shares={sharesOf(item.summary?.emotions ?? [], EMOTION_STACK)} />
    </div>
  );
}

function Failed({ item }: { item: Item }) {
  const retry = useRetry();
  const toast = useToast();
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
      <p className="min-w-0 flex-[1_1_14rem] text-[13px] text-danger">
        Failed: {sentence(item.error?.message ?? "unknown error")} You were not charged.
      </p>
      {isFileProblem(item.error?.code) ? (
        <ChooseVideos size="small" className="relative" inputLabel={`Another file for ${nameOf(item)}`}>
          Choose another file
        </ChooseVideos>
      ) : (
        <Button
          size="small"
          className="relative"
          busy={retry.isPending}
          onClick={() => retry.mutate(item.id, { onError: (error) => toast(explain(error)) })}
        >
          Try again
        </Button>
      )}
    </div>
  );
}

function DeleteButton({ item, name }: { item: Item; name: string }) {
  const remove = useDelete();
  return (
    <IconButton label={`Delete ${name}`} onClick={() => void remove(item)} className="relative">
      <Trash2 aria-hidden="true" />
    </IconButton>
  );
}
