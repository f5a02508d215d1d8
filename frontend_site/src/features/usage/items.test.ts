import { describe, expect, it } from "vitest";

import { describeCharge, lastMonths, toCsv, type Item } from "./items";

const ITEM: Item = {
  id: "k3v7q2m5x4n6pbcdt2w7y2z3ab",
  status: "completed",
  position: null,
  attempt: 1,
  source: "upload",
  fileName: "interview.mp4",
  size: 1,
  contentType: "video/mp4",
  createdAt: "2026-11-24T09:30:00Z",
  updatedAt: "2026-11-24T09:30:00Z",
  expiresAt: null,
  secondsAnalyzed: 4.2,
  chargedOn: "2026-11-24",
  summary: null,
  error: null,
};

describe("usage", () => {
  it("counts months back across years", () => {
    expect(lastMonths(new Date("2026-02-28T23:59:00Z"), 3)).toEqual(["2026-02", "2026-01", "2025-12"]);
  });

  it("describes the charge", () => {
    expect(describeCharge(ITEM, "2026-11")).toBe("Charged");
    expect(describeCharge(ITEM, "2026-10")).toBe("Charged in 2026-11");
    expect(describeCharge({ ...ITEM, chargedOn: null }, "2026-11")).toBe("Not charged");
  });

  it("writes CSV that spreadsheets read as text", () => {
    const failed: Item = {
      ...ITEM,
      fileName: '=1+"a",b.mp4',
      status: "failed",
      secondsAnalyzed: null,
      chargedOn: null,
    };
    expect(toCsv([ITEM, failed]).split("\r\n")).toEqual([
      "id,name,started_at,status,attempt,seconds_analyzed,charged_on",
      "k3v7q2m5x4n6pbcdt2w7y2z3ab,interview.mp4,2026-11-24T09:30:00Z,completed,1,4.2,2026-11-24",
      `k3v7q2m5x4n6pbcdt2w7y2z3ab,"'=1+""a"",b.mp4",2026-11-24T09:30:00Z,failed,1,,`,
      "",
    ]);
  });
});
