"use client";

import Link from "next/link";

import { explain } from "@/api/errors";
import { Card } from "@/design/card";
import { Failure, Loading } from "@/design/feedback";
import { Progress } from "@/design/progress";
import { capitalize, when } from "@/lib/format";

import { countScale, fillMonth } from "./days";
import { useUsage } from "./queries";

/** Usage of the month's quota, by day. */
export function UsageCard() {
  const usage = useUsage();
  const data = usage.data;
  return (
    <Card
      title="Usage this month"
      aside={
        data && (
          <p className="text-[13px] text-muted">
            {capitalize(data.plan)} plan, resets on {when(new Date(data.resetsAt))}
          </p>
        )
      }
    >
      {usage.isPending && <Loading label="Loading usage" />}
      {usage.isError && <Failure message={explain(usage.error)} onRetry={() => void usage.refetch()} />}
      {data && (
        <div className="grid gap-4" id="usage">
          <div className="grid gap-1.5">
            <p className="numbers text-sm">
              <strong className="text-lg font-semibold">{data.used.toLocaleString("en-GB")}</strong> of{" "}
              {data.limit.toLocaleString("en-GB")} analyses,{" "}
              <span className="text-muted">{data.minutes.toFixed(1)} minutes of video</span>
            </p>
            <Progress value={data.used / data.limit} label="Quota used" />
            <p className="text-[13px] text-muted">
              {data.concurrency === 1 ? "One analysis runs" : `Up to ${String(data.concurrency)} analyses run`} at a
              time; others are queued.
            </p>
          </div>
          <Link href="/usage/" className="justify-self-start text-[13px] text-accent underline">
            Analyses of the month, with seconds and charges
          </Link>
          <DayChart month={data.month} days={data.days} />
        </div>
      )}
    </Card>
  );
}

const MONTH = new Intl.DateTimeFormat("en-GB", { month: "long", timeZone: "UTC" });

function DayChart({ month, days: known }: { month: string; days: { date: string; requests: number }[] }) {
  const days = fillMonth(month, known);
  const { top, gridLines } = countScale(Math.max(...days.map(({ requests }) => requests)));
  const y = (value: number) => `${(100 * (1 - value / top)).toFixed(2)}%`;
  const width = 100 / days.length;
  return (
    <figure>
      <div className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-2">
        <svg className="numbers block h-36 w-8 overflow-visible text-[11px]" aria-hidden="true">
          {gridLines.map((value) => (
            <text key={value} x="100%" y={y(value)} dy="4" textAnchor="end" className="fill-muted">
              {value.toLocaleString("en-GB")}
            </text>
          ))}
        </svg>
        <svg className="block h-36 w-full overflow-visible" role="img" aria-label={describeDays(days)}>
          {gridLines.map((value) => (
            <line key={value} x2="100%" y1={y(value)} y2={y(value)} className="stroke-line" />
          ))}
          {days.map(({ date, requests }, index) => (
            <rect
              key={date}
              x={`${(index + 0.15) * width}%`}
              width={`${0.7 * width}%`}
              y={y(requests)}
              height={`${(100 * requests) / top}%`}
              rx="2"
              className="fill-accent"
            >
              <title>{`${Number(date.slice(8))} ${MONTH.format(new Date(date))}: ${requests}`}</title>
            </rect>
          ))}
        </svg>
        <div />
        <svg className="numbers block h-5 w-full text-[11px]" aria-hidden="true">
          {days.map(({ date }, index) =>
            index === 0 || (index + 1) % 5 === 0 ? (
              <text key={date} x={`${(index + 0.5) * width}%`} y="15" textAnchor="middle" className="fill-muted">
                {index + 1}
              </text>
            ) : null,
          )}
        </svg>
      </div>
      <figcaption className="mt-1 text-center text-[13px] text-muted">
        Analyses per day, {MONTH.format(new Date(`${month}-01`))} (UTC)
      </figcaption>
    </figure>
  );
}

function describeDays(days: { date: string; requests: number }[]): string {
  const used = days.filter(({ requests }) => requests > 0);
  if (used.length === 0) return "No analyses this month";
  return used
    .map(({ date, requests }) => `${Number(date.slice(8))} ${MONTH.format(new Date(date))}: ${requests}`)
    .join(", ");
}
