"use client";

import { useMutation } from "@tanstack/react-query";
import Link from "next/link";
import { useId, useState } from "react";

import { explain } from "@/api/errors";
import { Button } from "@/design/button";
import { Card } from "@/design/card";
import { Failure, Loading, Note } from "@/design/feedback";
import { nameOf } from "@/features/analyses/names";
import { useUsage } from "@/features/developers/queries";
import { download } from "@/lib/download";
import { capitalize, when } from "@/lib/format";

import { describeCharge, isCharged, lastMonths, toCsv, type Item } from "./items";
import { fetchMonth, useMonth } from "./queries";

const MONTH = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });

/** Analyses of a month with the seconds analyzed and what was charged, and their CSV file. */
export function UsageView() {
  const [months] = useState(() => lastMonths(new Date()));
  const [month, setMonth] = useState(months[0] ?? "");
  const save = useMutation({
    mutationFn: () => fetchMonth(month),
    onSuccess: (items) =>
      download(new Blob([toCsv(items)], { type: "text/csv;charset=utf-8" }), `video-sentiment-${month}.csv`),
  });
  return (
    <Card
      title={MONTH.format(new Date(`${month}-01`))}
      aside={
        <div className="flex flex-wrap items-center gap-2">
          <MonthSelect months={months} value={month} onChange={setMonth} />
          <Button size="small" busy={save.isPending} onClick={() => save.mutate()}>
            Download CSV
          </Button>
        </div>
      }
    >
      <div className="grid gap-4">
        <p className="text-[13px] text-muted">
          Each started analysis is charged to the quota; a failed or cancelled one is refunded. Months are in UTC.
        </p>
        {save.error && <Note tone="problem">{explain(save.error)}</Note>}
        <Month key={month} month={month} />
      </div>
    </Card>
  );
}

interface MonthSelectProps {
  months: readonly string[];
  value: string;
  onChange: (month: string) => void;
}

function MonthSelect({ months, value, onChange }: MonthSelectProps) {
  const id = useId();
  return (
    <>
      <label htmlFor={id} className="sr-only">
        Month
      </label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="h-8 rounded-control border border-outline bg-surface px-2 text-[13px]"
      >
        {months.map((month) => (
          <option key={month} value={month}>
            {MONTH.format(new Date(`${month}-01`))}
          </option>
        ))}
      </select>
    </>
  );
}

function Month({ month }: { month: string }) {
  const listed = useMonth(month);
  const usage = useUsage(month);
  const items = listed.data?.pages.flatMap((page) => page.analyses) ?? [];
  const deleted = usage.data ? usage.data.used - items.filter((item) => isCharged(item, month)).length : 0;
  return (
    <>
      {usage.data && (
        <p className="numbers text-sm">
          <strong className="text-lg font-semibold">{charged(usage.data.used)}</strong>,{" "}
          <span className="text-muted">{usage.data.minutes.toFixed(1)} minutes of video</span>
        </p>
      )}
      {listed.isPending && <Loading label="Loading analyses" />}
      {listed.isError && <Failure message={explain(listed.error)} onRetry={() => void listed.refetch()} />}
      {listed.data && items.length === 0 && <p className="text-sm text-muted">No analyses in this month.</p>}
      {items.length > 0 && <Table items={items} month={month} />}
      {listed.hasNextPage && (
        <Button size="small" busy={listed.isFetchingNextPage} onClick={() => void listed.fetchNextPage()}>
          Show more
        </Button>
      )}
      {listed.data && !listed.hasNextPage && deleted > 0 && (
        <p className="text-[13px] text-muted">{charged(deleted)} deleted since.</p>
      )}
    </>
  );
}

function charged(number: number): string {
  return `${number.toLocaleString("en-GB")} charged ${number === 1 ? "analysis" : "analyses"}`;
}

function Table({ items, month }: { items: readonly Item[]; month: string }) {
  return (
    <div className="overflow-x-auto" role="region" aria-label="Analyses of the month" tabIndex={0}>
      <table className="numbers w-full min-w-[34rem] text-left text-sm">
        <thead className="text-[13px] text-muted">
          <tr>
            {["Name", "Started", "Status", "Seconds", "Charge"].map((name) => (
              <th key={name} scope="col" className="border-b border-line py-2 pr-4 font-medium">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.id} className="border-b border-line last:border-0">
              <th scope="row" className="max-w-[18rem] truncate py-2 pr-4 font-normal">
                <Link href={`/analysis/?id=${item.id}`} className="text-accent hover:underline">
                  {nameOf(item)}
                </Link>
              </th>
              <td className="py-2 pr-4 whitespace-nowrap">{when(new Date(item.createdAt))}</td>
              <td className="py-2 pr-4">{capitalize(item.status)}</td>
              <td className="py-2 pr-4">{item.secondsAnalyzed === null ? "–" : item.secondsAnalyzed.toFixed(1)}</td>
              <td className="py-2">{describeCharge(item, month)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
