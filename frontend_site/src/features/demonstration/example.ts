/**
 * Example that every new account contains. It consists of static files of the site; the account stores only whether its
 * user has deleted it.
 */

import { useQuery } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Ratings } from "@/features/analysis/ratings";

import { NO_EDITS } from "@/features/people/edits";

import { fileOf, loadDemonstration, type DemonstrationName } from "./files";

const NAME: DemonstrationName = "six_emotions";
export const EXAMPLE_ID = "example"; // cannot collide: ids of analyses are longer
export const EXAMPLE_KEY = ["example"];

export type Example = Schemas["AnalysisDetail"] & { ratings: readonly Ratings[] };

/** Query the example for the list; null if the user has deleted it. */
export function useExample() {
  return useQuery({ queryKey: EXAMPLE_KEY, queryFn: ({ signal }) => loadExample(signal) });
}

/** Fetch the example for its page. Throws ApiError 404 if the user has deleted it. */
export async function fetchExample(signal?: AbortSignal): Promise<Example> {
  const example = await loadExample(signal);
  if (!example) throw new ApiError(404, "not-found", "the example has been deleted", null);
  return example;
}

export const exampleVideo = () => fileOf(NAME, "mp4");
export const exampleCaptions = () => fileOf(NAME, "vtt");

/** Fetch an export of the example. */
export async function fetchExport(suffix: "csv" | "srt" | "vtt"): Promise<Blob> {
  const response = await fetch(fileOf(NAME, suffix));
  if (!response.ok) throw new Error(`GET ${response.url}: ${response.status}`);
  return response.blob();
}

async function loadExample(signal?: AbortSignal): Promise<Example | null> {
  const [{ deleted }, { analysis, ratings }] = await Promise.all([
    unwrap(api.GET("/example", { signal })),
    loadDemonstration(NAME),
  ]);
  if (deleted) return null;
  const { video, language, utterances, overall, warnings = [], model } = analysis;
  return {
    id: EXAMPLE_ID,
    status: "completed",
    position: null,
    attempt: 1,
    source: "upload",
    fileName: `${NAME}.mp4`,
    size: null,
    contentType: "video/mp4",
    createdAt: "", // not shown for the example
    updatedAt: "",
    expiresAt: null,
    secondsAnalyzed: video.duration_s,
    chargedOn: null,
    error: null,
    summary: {
      duration_s: video.duration_s,
      language,
      utterances: utterances.length,
      emotions: overall.emotions,
      sentiments: overall.sentiments,
      warnings,
      bundle: model.bundle,
      bundle_version: model.version,
    },
    progress: null,
    analysis,
    resultUrl: null,
    peopleEdits: NO_EDITS,
    ratings,
  };
}
