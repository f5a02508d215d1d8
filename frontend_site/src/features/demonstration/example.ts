/**
 * The example that every account opens with: files of the site, the same for everybody. The account knows only whether
 * it was deleted.
 */

import { useQuery } from "@tanstack/react-query";

import { unwrap, api, type Schemas } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Ratings } from "@/features/analysis/ratings";

import { fileOf, load, type DemonstrationName } from "./files";

const NAME: DemonstrationName = "six_emotions";
export const EXAMPLE_ID = "example"; // ids of analyses are longer
export const EXAMPLE_KEY = ["example"];

export type Example = Schemas["AnalysisDetail"] & { people: readonly Ratings[] };

/** The example for the list; null where the user has deleted it. */
export function useExample() {
  return useQuery({ queryKey: EXAMPLE_KEY, queryFn: ({ signal }) => find(signal) });
}

/** The example for its page. Throws ApiError 404 where the user has deleted it, as for any other analysis. */
export async function fetchExample(signal?: AbortSignal): Promise<Example> {
  const example = await find(signal);
  if (!example) throw new ApiError(404, "not-found", "the example has been deleted", null);
  return example;
}

export const exampleVideo = () => fileOf(NAME, "mp4");
export const exampleCaptions = () => fileOf(NAME, "vtt");

/** An export of the example. */
export async function fetchExport(suffix: "csv" | "srt" | "vtt"): Promise<Blob> {
  const response = await fetch(fileOf(NAME, suffix));
  if (!response.ok) throw new Error(`the file could not be fetched (${response.status})`);
  return response.blob();
}

async function find(signal?: AbortSignal): Promise<Example | null> {
  const [{ deleted }, { analysis, people }] = await Promise.all([unwrap(api.GET("/example", { signal })), load(NAME)]);
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
    createdAt: "", // it was always there
    updatedAt: "",
    expiresAt: null,
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
    people,
  };
}
