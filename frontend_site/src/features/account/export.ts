import { answered, api, type Schemas } from "@/api/client";
import { fetchAnalysis } from "@/features/analyses/queries";

/** All that an account has but the videos: each analysis with its result, usage, names of keys, the webhook. */
export async function exportAccount(onProgress: (done: number) => void): Promise<Blob> {
  const [usage, keys, webhook] = await Promise.all([
    answered(api.GET("/usage")),
    answered(api.GET("/keys")),
    answered(api.GET("/webhook")),
  ]);
  const analyses: unknown[] = [];
  let cursor: string | null | undefined;
  do {
    const page: Schemas["AnalysisPage"] = await answered(
      api.GET("/analyses", { params: { query: { cursor: cursor ?? undefined, limit: 100 } } }),
    );
    for (const { id } of page.analyses) {
      analyses.push(await fetchAnalysis(id));
      onProgress(analyses.length);
    }
    cursor = page.cursor;
  } while (cursor);
  const all = { exported_at: new Date().toISOString(), usage, keys: keys.keys, webhook: webhook.url, analyses };
  return new Blob([`${JSON.stringify(all, null, 2)}\n`], { type: "application/json" });
}
