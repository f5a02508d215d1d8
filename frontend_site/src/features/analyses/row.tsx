"use client";

import { Trash2 } from "lucide-react";
import Link from "next/link";

import { explain, isOfTheFile, sentence } from "@/api/errors";
import { StackBar, Swatch } from "@/design/bars";
import { Button, IconButton } from "@/design/button";
import { EMOTION_STACK } from "@/design/palette";
import { Progress } from "@/design/progress";
import { useToast } from "@/design/toast";
import { ChooseVideos } from "@/features/uploads/choose-videos";
import { capitalised, clock, count, percent, when } from "@/lib/format";

import { latest } from "./lists";
import { nameOf } from "./names";
import { isRunning, useAnalysis, useRetry, type Item } from "./queries";
import { statusText } from "./stages";
import { useDelete } from "./use-delete";

/** An analysis in the list. While it runs, it looks after itself. */
export function Row({ item: listed }: { item: Item }) {
  const live = useAnalysis(listed.id, { enabled: isRunning(listed.status) });
  const item = latest(listed, live.data);
  const name = nameOf(item);
  return (
    <li className="relative grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 px-4 py-3 hover:bg-hover md:grid-cols-[minmax(0,5fr)_minmax(0,4fr)_auto]">
      <div className="min-w-0">
        {/* The link covers the whole row; what else can be clicked lies above it. */}
        <Link
          href={`/analysis/?id=${item.id}`}
          className="block truncate text-sm font-medium after:absolute after:inset-0"
        >
          {name}
        </Link>
        <p className="numbers mt-0.5 truncate text-[13px] text-muted">{facts(item)}</p>
      </div>
      <div className="col-span-2 row-start-2 min-w-0 md:col-span-1 md:col-start-2 md:row-start-1">
        <State item={item} progress={live.data?.progress} />
      </div>
      <DeleteButton item={item} name={name} />
    </li>
  );
}

function facts({ createdAt, summary, source }: Item): string {
  const parts = [when(new Date(createdAt))];
  if (summary) parts.push(clock(summary.duration_s), count(summary.utterances, "utterance"));
  if (source === "drop") parts.push("drop folder");
  return parts.join(" · ");
}

function State({ item, progress }: { item: Item; progress: Parameters<typeof statusText>[1] }) {
  const text = statusText(item.status, progress);
  if (isRunning(item.status)) {
    return (
      <div className="grid gap-1.5" role="status">
        <p className="numbers text-[13px] text-muted">{text}</p>
        <Progress value={progress?.fraction ?? null} label="Progress of the analysis" />
      </div>
    );
  }
  if (item.status === "failed") return <Failed item={item} />;
  const [top] = item.summary?.emotions ?? [];
  if (!top) return <p className="text-[13px] text-muted">No speech and no face found</p>;
  const shares = EMOTION_STACK.map((label) => ({
    label,
    share: item.summary?.emotions.find((score) => score.label === label)?.confidence ?? 0,
  }));
  return (
    <div className="grid gap-1.5">
      <p className="numbers flex items-center gap-1.5 text-[13px]">
        <Swatch kind="emotion" label={top.label} />
        {capitalised(top.label)} <span className="text-muted">{percent(top.confidence)} overall</span>
      </p>
      <StackBar kind="emotion" shares={shares} />
    </div>
  );
}

function Failed({ item }: { item: Item }) {
  const retry = useRetry();
  const toast = useToast();
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
      <p className="min-w-0 flex-[1_1_14rem] text-[13px] text-danger">
        Failed: {sentence(item.error?.message ?? "for no known reason")} It was not charged.
      </p>
      {isOfTheFile(item.error?.code) ? (
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
