import { Bars } from "@/design/bars";
import { Card } from "@/design/card";
import { EMOTION_STACK, SENTIMENT_STACK } from "@/design/palette";

import { Verdict } from "./details";
import { sharesOf, type Analysis } from "./types";

/** The whole video, each utterance counted by its length. */
export function Overall({ analysis: { overall } }: { analysis: Analysis }) {
  if (overall.emotions.length === 0) return null;
  return (
    <Card title="Overall" aside={<p className="text-[13px] text-muted">each utterance counted by its length</p>}>
      <div className="mb-3">
        <Verdict {...overall} />
      </div>
      <div className="grid grid-cols-[repeat(auto-fit,minmax(min(100%,13rem),1fr))] gap-x-8 gap-y-4">
        <Bars kind="emotion" shares={sharesOf(overall.emotions, EMOTION_STACK)} />
        <Bars kind="sentiment" shares={sharesOf(overall.sentiments, SENTIMENT_STACK)} />
      </div>
    </Card>
  );
}
