/** Types of the API, named as in docs/openapi.json. */

import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];

export type Result = Schemas["Analysis"];
export type Utterance = Schemas["Utterance"];
export type Person = Schemas["Person"];
export type PeopleEdits = Required<Schemas["PeopleEdits"]>;
export type Analysis = Schemas["AnalysisItem"];
export type AnalysisDetail = Schemas["AnalysisDetail"];
export type CompletedAnalysis = AnalysisDetail & { analysis: Result };
export type StartedAnalysis = { id: string; status: Status; analysis: Result | null };
export type DeletedAnalysis = Schemas["Deleted"];
export type Status = Analysis["status"];
export type Usage = Schemas["Usage"];
export type Share = Schemas["ShareItem"];
export type NewShare = Schemas["NewShare"];
export type VideoUrl = Schemas["VideoUrl"];
export type PendingUpload = Schemas["PendingUpload"];
export type Delivery = Schemas["Delivery"];
export type Redelivery = Schemas["Redelivery"];
export type AuditEvent = Schemas["AuditEvent"];
export type ExportFormat = NonNullable<NonNullable<paths["/analyses/{id}"]["get"]["parameters"]["query"]>["format"]>;

export type { Schemas };
