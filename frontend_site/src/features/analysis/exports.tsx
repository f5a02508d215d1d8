"use client";

import { Download } from "lucide-react";

import { api, unwrap } from "@/api/client";
import { explain } from "@/api/errors";
import { Menu } from "@/design/menu";
import { useToast } from "@/design/toast";
import { EXAMPLE_ID, fetchExport } from "@/features/demonstration/example";
import { download, renamed } from "@/lib/download";

import type { Speakers } from "@/features/people/edits";

import type { Analysis } from "./types";

const CHOICES = [
  { value: "html", label: "Report", hint: "HTML page to share" },
  { value: "print", label: "Print or save as PDF", hint: "" },
  { value: "json", label: "JSON", hint: "all data" },
  { value: "csv", label: "CSV", hint: "one row per utterance" },
  { value: "srt", label: "SRT", hint: "subtitles with emotions" },
  { value: "vtt", label: "WebVTT", hint: "subtitles with emotions" },
] as const;

type Choice = (typeof CHOICES)[number]["value"];
type Format = Exclude<Choice, "print">;

interface Props {
  id: string;
  name: string;
  analysis: Analysis;
  speakers: Speakers;
}

/** Menu that saves the analysis as a file. */
export function ExportMenu({ id, name, analysis, speakers }: Props) {
  const toast = useToast();
  const save = async (format: Format) => {
    try {
      download(await fileOf(format), renamed(name, format));
    } catch (error) {
      toast(explain(error));
    }
  };
  const fileOf = async (format: Format): Promise<Blob> => {
    if (format === "html") return (await import("./static-report")).staticReport(analysis, speakers, name);
    if (format === "json") {
      return new Blob([`${JSON.stringify(analysis, null, 2)}\n`], { type: "application/json" });
    }
    if (id === EXAMPLE_ID) return fetchExport(format);
    return unwrap(api.GET("/analyses/{id}", { params: { path: { id }, query: { format } }, parseAs: "blob" }));
  };
  const choose = (choice: Choice) => {
    if (choice === "print")
      print(); // the page's PrintReport is what gets printed
    else void save(choice);
  };
  return <Menu label="Export" icon={Download} choices={CHOICES} onChoose={choose} />;
}
