"use client";

import { useState } from "react";

import { Card } from "@/design/card";
import { CodeBlock } from "@/design/copy";
import { SegmentedControl } from "@/design/segmented-control";

import { LANGUAGES, PLACEHOLDER, SAMPLES, type Language } from "./samples";

/** Code samples with this site's URL and, right after its creation, the new key. */
export function SamplesCard({ token }: { token: string | null }) {
  const [language, setLanguage] = useState<Language>("curl");
  const code = SAMPLES[language]({ origin: location.origin, key: token ?? PLACEHOLDER });
  const label = LANGUAGES.find(({ value }) => value === language)?.label ?? "";
  return (
    <Card
      title="Code samples"
      aside={<SegmentedControl label="Language" options={LANGUAGES} value={language} onChange={setLanguage} />}
    >
      <CodeBlock code={code} label={`${label} sample`} />
      <p className="mt-3 text-[13px] text-muted">
        All endpoints, responses and errors are documented in the{" "}
        <a href="/docs/" className="text-accent underline">
          API reference
        </a>
        .
      </p>
    </Card>
  );
}
