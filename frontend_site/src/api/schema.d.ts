// Written by scripts/types.mjs from docs/openapi.json; do not edit.

export interface paths {
    "/upload-url": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create Upload Url
         * @description Get a URL to upload a video to.
         *
         *     PUT the file there with the headers that the answer names, then start the analysis with its `key`. Files over
         *     100 MB go better in parts.
         */
        post: operations["createUploadUrl"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/multipart-uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create Multipart Upload
         * @description Begin to upload a video in parts.
         *
         *     For files over 100 MB: parts go in parallel, and one that fails is sent again alone. Cut the file, sign the
         *     parts, PUT each, and complete the upload.
         */
        post: operations["createMultipartUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/multipart-uploads/parts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign Upload Parts
         * @description Get URLs for parts of an upload, 100 at most at a time.
         *
         *     Each takes exactly the bytes of its part. An upload that is not completed expires a day after its beginning.
         */
        post: operations["signUploadParts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/multipart-uploads/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Complete Multipart Upload
         * @description Put the parts of an upload together: all of them, and as many bytes as were announced. May be repeated.
         */
        post: operations["completeMultipartUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/multipart-uploads/abort": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Abort Multipart Upload
         * @description Give an upload up: what was sent is deleted. May be repeated.
         */
        post: operations["abortMultipartUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Pending Uploads
         * @description List the uploads that no analysis was started from.
         *
         *     So many may be pending at once; `too-many-uploads` says when the next one expires.
         */
        get: operations["listPendingUploads"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/uploads/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Abandon Upload
         * @description Abandon a pending upload: what was sent is deleted, and another one may begin in its place.
         */
        delete: operations["abandonUpload"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sentiment-inference": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start Analysis
         * @description Analyze an uploaded video.
         *
         *     Waits up to 25 seconds for the result. An analysis that takes longer goes on: the answer is then 202, with the
         *     address to ask again at. `Prefer: respond-async` answers 202 at once, `Prefer: wait=5` after five seconds.
         *
         *     Repeating the request for the same `key` gives the same analysis and is charged once. An analysis that failed
         *     is not charged; repeating its request starts another attempt.
         */
        post: operations["startAnalysis"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/analyses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Analyses
         * @description List analyses, newest first.
         *
         *     Of one `status` where it is named. A page may hold fewer than `limit`; the last one has no `cursor`.
         */
        get: operations["listAnalyses"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/analyses/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Analysis
         * @description Get an analysis, with its result once it is completed.
         *
         *     As JSON it has the progress while it is processed, and the reason when it failed. As `csv`, `srt` or `vtt` it is
         *     the result alone, as a file.
         */
        get: operations["getAnalysis"];
        put?: never;
        post?: never;
        /**
         * Delete Analysis
         * @description Delete an analysis: its video, its result, its record.
         *
         *     It is gone at once, and can be restored for some minutes; then everything is purged.
         */
        delete: operations["deleteAnalysis"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/analyses/{id}/video": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Video Url
         * @description Get a URL that plays the video of an analysis.
         */
        get: operations["getVideoUrl"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/analyses/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry Analysis
         * @description Start an analysis that failed again.
         *
         *     Charged like a new one. One that did not fail stays as it is. Refused where the same file would fail again, and
         *     after five attempts.
         */
        post: operations["retryAnalysis"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/analyses/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Analysis
         * @description Cancel an analysis that is queued or processing.
         *
         *     It fails with the code `cancelled`, is not charged, and may be started again. May be repeated; one that has ended
         *     stays as it is.
         */
        post: operations["cancelAnalysis"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/analyses/{id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore Analysis
         * @description Bring a deleted analysis back, as long as it has not been purged.
         */
        post: operations["restoreAnalysis"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Usage
         * @description Get what was used in a calendar month (UTC), and what is left.
         */
        get: operations["getUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit-log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Audit Events
         * @description List what happened in the account, newest first.
         *
         *     Sign-ins as far as they were followed by a request, API keys, the webhook, deleted, restored and cancelled
         *     analyses; of the last 90 days.
         */
        get: operations["listAuditEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/example": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Example
         * @description Get the state of the example.
         *
         *     It is not an analysis of the account, and is never charged.
         */
        get: operations["getExample"];
        put?: never;
        post?: never;
        /**
         * Delete Example
         * @description Delete the example from the account. May be repeated.
         */
        delete: operations["deleteExample"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/example/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore Example
         * @description Show the example again.
         */
        post: operations["restoreExample"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Keys
         * @description List the API keys, by their prefixes.
         */
        get: operations["listKeys"];
        put?: never;
        /**
         * Create Key
         * @description Make an API key. Its token is shown this once.
         */
        post: operations["createKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate Key
         * @description Give an API key a new secret. The old token stops working at once; scopes and expiry stay.
         */
        post: operations["rotateKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke Key
         * @description Revoke an API key. It stops working at once.
         */
        delete: operations["revokeKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Webhook
         * @description Get the webhook, and the secret that events are signed with, those to a request's own `webhookUrl` too.
         */
        get: operations["getWebhook"];
        /**
         * Set Webhook
         * @description Set where events go.
         *
         *     An https address on the internet. The first one makes the secret; it stays when the address changes.
         */
        put: operations["setWebhook"];
        post?: never;
        /**
         * Delete Webhook
         * @description Stop the events, those that are queued too. May be repeated.
         */
        delete: operations["deleteWebhook"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhook/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate Webhook Secret
         * @description Replace the secret.
         *
         *     Every event is signed with the new one from now on, those under way too; for a day also with the one before, so that
         *     receivers have that long to learn the new one. To end an old secret at once, replace it twice.
         */
        post: operations["rotateWebhookSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhook/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Test Webhook
         * @description Send an event of type `webhook.test` to the webhook, signed and repeated as any other. Limited to 30 an hour.
         */
        post: operations["testWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign Out Everywhere
         * @description End every session of the user, on all devices and this one.
         *
         *     Their tokens are refused from now on. API keys are no sessions: they go on working.
         */
        post: operations["signOutEverywhere"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete Account
         * @description Delete the account with all its data.
         *
         *     From now on nothing new can be started, and no session and no API key works. Videos, results and records are
         *     removed in the background, of most accounts within minutes; of one with many thousands of analyses it takes longer.
         *     This cannot be undone.
         */
        delete: operations["deleteAccount"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AbortRequest
         * @example {
         *       "key": "uploads/0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90/5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4.mp4"
         *     }
         */
        AbortRequest: {
            /**
             * Key
             * @description The `key` in the answer of `createUploadUrl`.
             */
            key: string;
        };
        /**
         * Accepted
         * @description The analysis goes on; ask again at `statusUrl`.
         * @example {
         *       "id": "k3v7q2m5x4n6pbcdt2w7y2z3ab",
         *       "status": "processing",
         *       "statusUrl": "https://video-sentiment.example.com/api/analyses/k3v7q2m5x4n6pbcdt2w7y2z3ab"
         *     }
         */
        Accepted: {
            /** Id */
            id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "processing" | "completed" | "failed";
            /** Statusurl */
            statusUrl: string;
        };
        /**
         * Analysis
         * @description Result of analyzing one video.
         */
        Analysis: {
            /**
             * Schema Version
             * @default 2.2
             */
            schema_version?: string;
            video: components["schemas"]["VideoInfo"];
            /**
             * Language
             * @description ISO 639-1 code of the language of most speech; null without words
             */
            language: string | null;
            /**
             * Language Probability
             * @description Probability of the detected language; null where it was not detected, and before version 1.1
             */
            language_probability?: number | null;
            model: components["schemas"]["ModelInfo"];
            /** Utterances */
            utterances: components["schemas"]["Utterance"][];
            overall: components["schemas"]["Overall"];
            /**
             * People
             * @description who speaks; empty where people are not told apart
             * @default []
             */
            people?: components["schemas"]["Person"][];
            /**
             * Warnings
             * @default []
             */
            warnings?: string[];
        };
        /**
         * AnalysisDetail
         * @description An analysis with its result.
         * @example {
         *       "id": "k3v7q2m5x4n6pbcdt2w7y2z3ab",
         *       "status": "completed",
         *       "position": null,
         *       "attempt": 1,
         *       "source": "upload",
         *       "fileName": "interview.mp4",
         *       "size": 7340032,
         *       "contentType": "video/mp4",
         *       "createdAt": "2026-11-24T09:30:00Z",
         *       "updatedAt": "2026-11-24T09:30:00Z",
         *       "expiresAt": "2027-02-22T09:30:00Z",
         *       "summary": {
         *         "duration_s": 4.2,
         *         "language": "en",
         *         "utterances": 1,
         *         "emotions": [
         *           {
         *             "label": "joy",
         *             "confidence": 0.71
         *           },
         *           {
         *             "label": "neutral",
         *             "confidence": 0.12
         *           },
         *           {
         *             "label": "surprise",
         *             "confidence": 0.08
         *           },
         *           {
         *             "label": "sadness",
         *             "confidence": 0.04
         *           },
         *           {
         *             "label": "anger",
         *             "confidence": 0.02
         *           },
         *           {
         *             "label": "fear",
         *             "confidence": 0.02
         *           },
         *           {
         *             "label": "disgust",
         *             "confidence": 0.01
         *           }
         *         ],
         *         "sentiments": [
         *           {
         *             "label": "positive",
         *             "confidence": 0.78
         *           },
         *           {
         *             "label": "neutral",
         *             "confidence": 0.16
         *           },
         *           {
         *             "label": "negative",
         *             "confidence": 0.06
         *           }
         *         ],
         *         "warnings": [],
         *         "bundle": "starter",
         *         "bundle_version": "0.7.0"
         *       },
         *       "error": null,
         *       "progress": null,
         *       "analysis": {
         *         "schema_version": "2.2",
         *         "video": {
         *           "duration_s": 4.2,
         *           "width": 1280,
         *           "height": 720,
         *           "fps": 25,
         *           "has_audio": true
         *         },
         *         "language": "en",
         *         "language_probability": 0.98,
         *         "model": {
         *           "bundle": "starter",
         *           "version": "0.7.0",
         *           "speech": "whisper-base",
         *           "prior": "declared"
         *         },
         *         "utterances": [
         *           {
         *             "start_time": 0.4,
         *             "end_time": 3.1,
         *             "text": "We made it, I can't believe it!",
         *             "language": "en",
         *             "emotions": [
         *               {
         *                 "label": "joy",
         *                 "confidence": 0.71
         *               },
         *               {
         *                 "label": "neutral",
         *                 "confidence": 0.12
         *               },
         *               {
         *                 "label": "surprise",
         *                 "confidence": 0.08
         *               },
         *               {
         *                 "label": "sadness",
         *                 "confidence": 0.04
         *               },
         *               {
         *                 "label": "anger",
         *                 "confidence": 0.02
         *               },
         *               {
         *                 "label": "fear",
         *                 "confidence": 0.02
         *               },
         *               {
         *                 "label": "disgust",
         *                 "confidence": 0.01
         *               }
         *             ],
         *             "sentiments": [
         *               {
         *                 "label": "positive",
         *                 "confidence": 0.78
         *               },
         *               {
         *                 "label": "neutral",
         *                 "confidence": 0.16
         *               },
         *               {
         *                 "label": "negative",
         *                 "confidence": 0.06
         *               }
         *             ],
         *             "modalities": {
         *               "text": {
         *                 "weight": 1,
         *                 "contribution": 2.74,
         *                 "emotions": [
         *                   {
         *                     "label": "joy",
         *                     "confidence": 0.71
         *                   },
         *                   {
         *                     "label": "neutral",
         *                     "confidence": 0.12
         *                   },
         *                   {
         *                     "label": "surprise",
         *                     "confidence": 0.08
         *                   },
         *                   {
         *                     "label": "sadness",
         *                     "confidence": 0.04
         *                   },
         *                   {
         *                     "label": "anger",
         *                     "confidence": 0.02
         *                   },
         *                   {
         *                     "label": "fear",
         *                     "confidence": 0.02
         *                   },
         *                   {
         *                     "label": "disgust",
         *                     "confidence": 0.01
         *                   }
         *                 ]
         *               }
         *             },
         *             "bias": -0.962,
         *             "decided_by": "modalities",
         *             "contradictory": false,
         *             "unclear": false,
         *             "speaker": "S1",
         *             "explanation": "The words say joy."
         *           }
         *         ],
         *         "overall": {
         *           "emotions": [
         *             {
         *               "label": "joy",
         *               "confidence": 0.71
         *             },
         *             {
         *               "label": "neutral",
         *               "confidence": 0.12
         *             },
         *             {
         *               "label": "surprise",
         *               "confidence": 0.08
         *             },
         *             {
         *               "label": "sadness",
         *               "confidence": 0.04
         *             },
         *             {
         *               "label": "anger",
         *               "confidence": 0.02
         *             },
         *             {
         *               "label": "fear",
         *               "confidence": 0.02
         *             },
         *             {
         *               "label": "disgust",
         *               "confidence": 0.01
         *             }
         *           ],
         *           "sentiments": [
         *             {
         *               "label": "positive",
         *               "confidence": 0.78
         *             },
         *             {
         *               "label": "neutral",
         *               "confidence": 0.16
         *             },
         *             {
         *               "label": "negative",
         *               "confidence": 0.06
         *             }
         *           ],
         *           "modalities": {
         *             "text": {
         *               "weight": 1,
         *               "contribution": 2.74
         *             }
         *           },
         *           "bias": -0.962,
         *           "decided_by": "modalities",
         *           "unclear": false
         *         },
         *         "people": [
         *           {
         *             "id": "S1",
         *             "label": "Speaker 1",
         *             "seconds": 2.7,
         *             "summary": {
         *               "emotions": [
         *                 {
         *                   "label": "joy",
         *                   "confidence": 0.71
         *                 },
         *                 {
         *                   "label": "neutral",
         *                   "confidence": 0.12
         *                 },
         *                 {
         *                   "label": "surprise",
         *                   "confidence": 0.08
         *                 },
         *                 {
         *                   "label": "sadness",
         *                   "confidence": 0.04
         *                 },
         *                 {
         *                   "label": "anger",
         *                   "confidence": 0.02
         *                 },
         *                 {
         *                   "label": "fear",
         *                   "confidence": 0.02
         *                 },
         *                 {
         *                   "label": "disgust",
         *                   "confidence": 0.01
         *                 }
         *               ],
         *               "sentiments": [
         *                 {
         *                   "label": "positive",
         *                   "confidence": 0.78
         *                 },
         *                 {
         *                   "label": "neutral",
         *                   "confidence": 0.16
         *                 },
         *                 {
         *                   "label": "negative",
         *                   "confidence": 0.06
         *                 }
         *               ],
         *               "modalities": {
         *                 "text": {
         *                   "weight": 1,
         *                   "contribution": 2.74
         *                 }
         *               },
         *               "bias": -0.962,
         *               "decided_by": "modalities",
         *               "unclear": false
         *             },
         *             "thumbnail_time": null
         *           }
         *         ],
         *         "warnings": []
         *       },
         *       "resultUrl": "https://results.s3.eu-central-1.amazonaws.com/analyses/...?X-Amz-Signature=..."
         *     }
         */
        AnalysisDetail: {
            /** Id */
            id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "processing" | "completed" | "failed";
            /**
             * Position
             * @description Place among the account's analyses that wait: 1 begins next. Null for one that does not wait, or has a thousand before it.
             */
            position: number | null;
            /** Attempt */
            attempt: number;
            /**
             * Source
             * @enum {string}
             */
            source: "upload" | "drop";
            /** Filename */
            fileName: string | null;
            /**
             * Size
             * @description Size of the video in bytes.
             */
            size: number | null;
            /** Contenttype */
            contentType: string | null;
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /**
             * Updatedat
             * Format: date-time
             */
            updatedAt: string;
            /**
             * Expiresat
             * @description Time at which it and its video will be deleted.
             */
            expiresAt: string | null;
            /** @description Null until it is completed. */
            summary: components["schemas"]["Summary"] | null;
            /** @description Reason of a failed analysis. */
            error: components["schemas"]["Failure"] | null;
            /** @description While it is processed, once the model has said something. */
            progress: components["schemas"]["Progress"] | null;
            /** @description Once it is completed. Null where it is too long for one answer: then fetch `resultUrl`. */
            analysis: components["schemas"]["Analysis"] | null;
            /**
             * Resulturl
             * @description The result as a JSON file, for 15 minutes; once it is completed.
             */
            resultUrl: string | null;
        };
        /**
         * AnalysisItem
         * @description An analysis in short.
         * @example {
         *       "id": "k3v7q2m5x4n6pbcdt2w7y2z3ab",
         *       "status": "completed",
         *       "position": null,
         *       "attempt": 1,
         *       "source": "upload",
         *       "fileName": "interview.mp4",
         *       "size": 7340032,
         *       "contentType": "video/mp4",
         *       "createdAt": "2026-11-24T09:30:00Z",
         *       "updatedAt": "2026-11-24T09:30:00Z",
         *       "expiresAt": "2027-02-22T09:30:00Z",
         *       "summary": {
         *         "duration_s": 4.2,
         *         "language": "en",
         *         "utterances": 1,
         *         "emotions": [
         *           {
         *             "label": "joy",
         *             "confidence": 0.71
         *           },
         *           {
         *             "label": "neutral",
         *             "confidence": 0.12
         *           },
         *           {
         *             "label": "surprise",
         *             "confidence": 0.08
         *           },
         *           {
         *             "label": "sadness",
         *             "confidence": 0.04
         *           },
         *           {
         *             "label": "anger",
         *             "confidence": 0.02
         *           },
         *           {
         *             "label": "fear",
         *             "confidence": 0.02
         *           },
         *           {
         *             "label": "disgust",
         *             "confidence": 0.01
         *           }
         *         ],
         *         "sentiments": [
         *           {
         *             "label": "positive",
         *             "confidence": 0.78
         *           },
         *           {
         *             "label": "neutral",
         *             "confidence": 0.16
         *           },
         *           {
         *             "label": "negative",
         *             "confidence": 0.06
         *           }
         *         ],
         *         "warnings": [],
         *         "bundle": "starter",
         *         "bundle_version": "0.7.0"
         *       },
         *       "error": null
         *     }
         */
        AnalysisItem: {
            /** Id */
            id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "processing" | "completed" | "failed";
            /**
             * Position
             * @description Place among the account's analyses that wait: 1 begins next. Null for one that does not wait, or has a thousand before it.
             */
            position: number | null;
            /** Attempt */
            attempt: number;
            /**
             * Source
             * @enum {string}
             */
            source: "upload" | "drop";
            /** Filename */
            fileName: string | null;
            /**
             * Size
             * @description Size of the video in bytes.
             */
            size: number | null;
            /** Contenttype */
            contentType: string | null;
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /**
             * Updatedat
             * Format: date-time
             */
            updatedAt: string;
            /**
             * Expiresat
             * @description Time at which it and its video will be deleted.
             */
            expiresAt: string | null;
            /** @description Null until it is completed. */
            summary: components["schemas"]["Summary"] | null;
            /** @description Reason of a failed analysis. */
            error: components["schemas"]["Failure"] | null;
        };
        /**
         * AnalysisPage
         * @description Newest first. `cursor` asks for the next page; null on the last one.
         * @example {
         *       "analyses": [
         *         {
         *           "id": "k3v7q2m5x4n6pbcdt2w7y2z3ab",
         *           "status": "completed",
         *           "position": null,
         *           "attempt": 1,
         *           "source": "upload",
         *           "fileName": "interview.mp4",
         *           "size": 7340032,
         *           "contentType": "video/mp4",
         *           "createdAt": "2026-11-24T09:30:00Z",
         *           "updatedAt": "2026-11-24T09:30:00Z",
         *           "expiresAt": "2027-02-22T09:30:00Z",
         *           "summary": {
         *             "duration_s": 4.2,
         *             "language": "en",
         *             "utterances": 1,
         *             "emotions": [
         *               {
         *                 "label": "joy",
         *                 "confidence": 0.71
         *               },
         *               {
         *                 "label": "neutral",
         *                 "confidence": 0.12
         *               },
         *               {
         *                 "label": "surprise",
         *                 "confidence": 0.08
         *               },
         *               {
         *                 "label": "sadness",
         *                 "confidence": 0.04
         *               },
         *               {
         *                 "label": "anger",
         *                 "confidence": 0.02
         *               },
         *               {
         *                 "label": "fear",
         *                 "confidence": 0.02
         *               },
         *               {
         *                 "label": "disgust",
         *                 "confidence": 0.01
         *               }
         *             ],
         *             "sentiments": [
         *               {
         *                 "label": "positive",
         *                 "confidence": 0.78
         *               },
         *               {
         *                 "label": "neutral",
         *                 "confidence": 0.16
         *               },
         *               {
         *                 "label": "negative",
         *                 "confidence": 0.06
         *               }
         *             ],
         *             "warnings": [],
         *             "bundle": "starter",
         *             "bundle_version": "0.7.0"
         *           },
         *           "error": null
         *         }
         *       ],
         *       "cursor": null
         *     }
         */
        AnalysisPage: {
            /** Analyses */
            analyses: components["schemas"]["AnalysisItem"][];
            /** Cursor */
            cursor: string | null;
        };
        /**
         * AuditEvent
         * @description Something that happened in the account.
         * @example {
         *       "at": "2026-11-24T09:30:00Z",
         *       "event": "key-created",
         *       "by": "session",
         *       "subject": "production"
         *     }
         */
        AuditEvent: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Event
             * @enum {string}
             */
            event: "signed-in" | "signed-out-everywhere" | "key-created" | "key-rotated" | "key-revoked" | "key-expired" | "webhook-set" | "webhook-removed" | "webhook-secret-rotated" | "analysis-deleted" | "analysis-restored" | "analysis-cancelled";
            /**
             * By
             * @description `session`, an API key's prefix, `operator` (ours), or `system`.
             */
            by: string;
            /**
             * Subject
             * @description Name or id of what it is about.
             */
            subject: string | null;
        };
        /**
         * AuditPage
         * @description Newest first. `cursor` asks for the next page; null on the last one.
         * @example {
         *       "events": [
         *         {
         *           "at": "2026-11-24T09:30:00Z",
         *           "event": "key-created",
         *           "by": "session",
         *           "subject": "production"
         *         }
         *       ],
         *       "cursor": null
         *     }
         */
        AuditPage: {
            /** Events */
            events: components["schemas"]["AuditEvent"][];
            /** Cursor */
            cursor: string | null;
        };
        /**
         * CompleteRequest
         * @example {
         *       "key": "uploads/0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90/5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4.mp4",
         *       "parts": [
         *         {
         *           "partNumber": 1,
         *           "etag": "\"9b2cf535f27731c974343645a3985328\""
         *         }
         *       ]
         *     }
         */
        CompleteRequest: {
            /**
             * Key
             * @description The `key` in the answer of `createUploadUrl`.
             */
            key: string;
            /** Parts */
            parts: components["schemas"]["CompletedPart"][];
        };
        /** CompletedPart */
        CompletedPart: {
            /** Partnumber */
            partNumber: number;
            /** Etag */
            etag: string;
        };
        /**
         * Contribution
         * @description Contribution of one modality to a result.
         *
         *     `contribution` is its signed part, in nats, of log p(winner) - log p(runner-up); `weight` its share of what all
         *     modalities contribute to the winner.
         *
         *     Below 0 the modality speaks against the winner. Null in results of schema 1, whose weights were constants.
         */
        Contribution: {
            /** Weight */
            weight: number;
            /** Contribution */
            contribution?: number | null;
        };
        /** Day */
        Day: {
            /**
             * Date
             * Format: date
             */
            date: string;
            /** Requests */
            requests: number;
        };
        /**
         * Deleted
         * @description Gone for everybody; `restore` brings it back until `restorableUntil`, when it is purged for good.
         * @example {
         *       "id": "k3v7q2m5x4n6pbcdt2w7y2z3ab",
         *       "restorableUntil": "2026-11-24T09:30:00Z"
         *     }
         */
        Deleted: {
            /** Id */
            id: string;
            /**
             * Restorableuntil
             * Format: date-time
             */
            restorableUntil: string;
        };
        /** EmotionScore */
        EmotionScore: {
            /**
             * Label
             * @enum {string}
             */
            label: "anger" | "disgust" | "fear" | "joy" | "neutral" | "sadness" | "surprise";
            /** Confidence */
            confidence: number;
        };
        /**
         * ExampleState
         * @description The analyzed example that the web app shows in every account; `deleted` where the user removed it.
         * @example {
         *       "deleted": false
         *     }
         */
        ExampleState: {
            /** Deleted */
            deleted: boolean;
        };
        /**
         * Failure
         * @description Reason of a failed analysis. It was not charged, and starting it again may help.
         * @example {
         *       "code": "timed-out",
         *       "message": "no result came in time; start the analysis again"
         *     }
         */
        Failure: {
            /** Code */
            code: string;
            /** Message */
            message: string;
        };
        /**
         * InferenceRequest
         * @example {
         *       "key": "uploads/0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90/5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4.mp4",
         *       "webhookUrl": "https://hooks.example.com/video-sentiment",
         *       "fileName": "interview.mp4"
         *     }
         */
        InferenceRequest: {
            /**
             * Key
             * @description The `key` in the answer of `createUploadUrl`.
             */
            key: string;
            /**
             * Filename
             * @description Name shown in lists.
             */
            fileName?: string | null;
            /**
             * Webhookurl
             * @description Takes this analysis's event instead of the account's webhook.
             */
            webhookUrl?: string | null;
        };
        /**
         * InferenceResult
         * @description The whole analysis, as it came within the time that a request waits.
         * @example {
         *       "analysis": {
         *         "schema_version": "2.2",
         *         "video": {
         *           "duration_s": 4.2,
         *           "width": 1280,
         *           "height": 720,
         *           "fps": 25,
         *           "has_audio": true
         *         },
         *         "language": "en",
         *         "language_probability": 0.98,
         *         "model": {
         *           "bundle": "starter",
         *           "version": "0.7.0",
         *           "speech": "whisper-base",
         *           "prior": "declared"
         *         },
         *         "utterances": [
         *           {
         *             "start_time": 0.4,
         *             "end_time": 3.1,
         *             "text": "We made it, I can't believe it!",
         *             "language": "en",
         *             "emotions": [
         *               {
         *                 "label": "joy",
         *                 "confidence": 0.71
         *               },
         *               {
         *                 "label": "neutral",
         *                 "confidence": 0.12
         *               },
         *               {
         *                 "label": "surprise",
         *                 "confidence": 0.08
         *               },
         *               {
         *                 "label": "sadness",
         *                 "confidence": 0.04
         *               },
         *               {
         *                 "label": "anger",
         *                 "confidence": 0.02
         *               },
         *               {
         *                 "label": "fear",
         *                 "confidence": 0.02
         *               },
         *               {
         *                 "label": "disgust",
         *                 "confidence": 0.01
         *               }
         *             ],
         *             "sentiments": [
         *               {
         *                 "label": "positive",
         *                 "confidence": 0.78
         *               },
         *               {
         *                 "label": "neutral",
         *                 "confidence": 0.16
         *               },
         *               {
         *                 "label": "negative",
         *                 "confidence": 0.06
         *               }
         *             ],
         *             "modalities": {
         *               "text": {
         *                 "weight": 1,
         *                 "contribution": 2.74,
         *                 "emotions": [
         *                   {
         *                     "label": "joy",
         *                     "confidence": 0.71
         *                   },
         *                   {
         *                     "label": "neutral",
         *                     "confidence": 0.12
         *                   },
         *                   {
         *                     "label": "surprise",
         *                     "confidence": 0.08
         *                   },
         *                   {
         *                     "label": "sadness",
         *                     "confidence": 0.04
         *                   },
         *                   {
         *                     "label": "anger",
         *                     "confidence": 0.02
         *                   },
         *                   {
         *                     "label": "fear",
         *                     "confidence": 0.02
         *                   },
         *                   {
         *                     "label": "disgust",
         *                     "confidence": 0.01
         *                   }
         *                 ]
         *               }
         *             },
         *             "bias": -0.962,
         *             "decided_by": "modalities",
         *             "contradictory": false,
         *             "unclear": false,
         *             "speaker": "S1",
         *             "explanation": "The words say joy."
         *           }
         *         ],
         *         "overall": {
         *           "emotions": [
         *             {
         *               "label": "joy",
         *               "confidence": 0.71
         *             },
         *             {
         *               "label": "neutral",
         *               "confidence": 0.12
         *             },
         *             {
         *               "label": "surprise",
         *               "confidence": 0.08
         *             },
         *             {
         *               "label": "sadness",
         *               "confidence": 0.04
         *             },
         *             {
         *               "label": "anger",
         *               "confidence": 0.02
         *             },
         *             {
         *               "label": "fear",
         *               "confidence": 0.02
         *             },
         *             {
         *               "label": "disgust",
         *               "confidence": 0.01
         *             }
         *           ],
         *           "sentiments": [
         *             {
         *               "label": "positive",
         *               "confidence": 0.78
         *             },
         *             {
         *               "label": "neutral",
         *               "confidence": 0.16
         *             },
         *             {
         *               "label": "negative",
         *               "confidence": 0.06
         *             }
         *           ],
         *           "modalities": {
         *             "text": {
         *               "weight": 1,
         *               "contribution": 2.74
         *             }
         *           },
         *           "bias": -0.962,
         *           "decided_by": "modalities",
         *           "unclear": false
         *         },
         *         "people": [
         *           {
         *             "id": "S1",
         *             "label": "Speaker 1",
         *             "seconds": 2.7,
         *             "summary": {
         *               "emotions": [
         *                 {
         *                   "label": "joy",
         *                   "confidence": 0.71
         *                 },
         *                 {
         *                   "label": "neutral",
         *                   "confidence": 0.12
         *                 },
         *                 {
         *                   "label": "surprise",
         *                   "confidence": 0.08
         *                 },
         *                 {
         *                   "label": "sadness",
         *                   "confidence": 0.04
         *                 },
         *                 {
         *                   "label": "anger",
         *                   "confidence": 0.02
         *                 },
         *                 {
         *                   "label": "fear",
         *                   "confidence": 0.02
         *                 },
         *                 {
         *                   "label": "disgust",
         *                   "confidence": 0.01
         *                 }
         *               ],
         *               "sentiments": [
         *                 {
         *                   "label": "positive",
         *                   "confidence": 0.78
         *                 },
         *                 {
         *                   "label": "neutral",
         *                   "confidence": 0.16
         *                 },
         *                 {
         *                   "label": "negative",
         *                   "confidence": 0.06
         *                 }
         *               ],
         *               "modalities": {
         *                 "text": {
         *                   "weight": 1,
         *                   "contribution": 2.74
         *                 }
         *               },
         *               "bias": -0.962,
         *               "decided_by": "modalities",
         *               "unclear": false
         *             },
         *             "thumbnail_time": null
         *           }
         *         ],
         *         "warnings": []
         *       }
         *     }
         */
        InferenceResult: {
            analysis: components["schemas"]["Analysis"];
        };
        /**
         * KeyItem
         * @description An API key. Its secret is nowhere: only `prefix` tells which it is.
         * @example {
         *       "id": "4tq7hd2kzv5mw3xn6bpsaj4i",
         *       "name": "production",
         *       "prefix": "vs_4tq7hd2k",
         *       "scopes": [
         *         "read",
         *         "analyze"
         *       ],
         *       "createdAt": "2026-11-24T09:30:00Z",
         *       "expiresAt": "2027-02-22T09:30:00Z",
         *       "rotatedAt": null,
         *       "lastUsedAt": "2026-11-24T09:30:00Z"
         *     }
         */
        KeyItem: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Prefix */
            prefix: string;
            /** Scopes */
            scopes: ("read" | "analyze")[];
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /**
             * Expiresat
             * @description It works until then; null where it does not expire.
             */
            expiresAt: string | null;
            /** Rotatedat */
            rotatedAt: string | null;
            /**
             * Lastusedat
             * @description To the hour.
             */
            lastUsedAt: string | null;
        };
        /**
         * KeyList
         * @example {
         *       "keys": [
         *         {
         *           "id": "4tq7hd2kzv5mw3xn6bpsaj4i",
         *           "name": "production",
         *           "prefix": "vs_4tq7hd2k",
         *           "scopes": [
         *             "read",
         *             "analyze"
         *           ],
         *           "createdAt": "2026-11-24T09:30:00Z",
         *           "expiresAt": "2027-02-22T09:30:00Z",
         *           "rotatedAt": null,
         *           "lastUsedAt": "2026-11-24T09:30:00Z"
         *         }
         *       ]
         *     }
         */
        KeyList: {
            /** Keys */
            keys: components["schemas"]["KeyItem"][];
        };
        /**
         * KeyRequest
         * @description `read` allows every GET, `analyze` everything else: uploads, starting, cancelling, deleting, restoring.
         * @example {
         *       "name": "production",
         *       "scopes": [
         *         "read",
         *         "analyze"
         *       ],
         *       "expiresInDays": 90
         *     }
         */
        KeyRequest: {
            /** Name */
            name: string;
            /**
             * Scopes
             * @default [
             *       "read",
             *       "analyze"
             *     ]
             */
            scopes?: ("read" | "analyze")[];
            /**
             * Expiresindays
             * @description Without it, the key works until revoked.
             */
            expiresInDays?: number | null;
        };
        /**
         * ModalityShare
         * @description Contribution of one modality, and the emotions that it predicts by itself.
         */
        ModalityShare: {
            /** Weight */
            weight: number;
            /** Contribution */
            contribution?: number | null;
            /** Emotions */
            emotions: components["schemas"]["EmotionScore"][];
        };
        /**
         * ModelInfo
         * @description Models and assumptions behind a result.
         *
         *     `bundle` and `version` name the bundle that predicted; `speech` the transcriber that wrote the words ("" when none
         *     ran); `prior` the class frequencies that were assumed: the bundle's declared ones or uniform ones.
         */
        ModelInfo: {
            /** Bundle */
            bundle: string;
            /** Version */
            version: string;
            /** Speech */
            speech: string;
            /**
             * Prior
             * @default declared
             * @enum {string}
             */
            prior?: "declared" | "uniform";
        };
        /**
         * MultipartRequest
         * @example {
         *       "fileType": ".mov",
         *       "fileSize": 734003200
         *     }
         */
        MultipartRequest: {
            /**
             * Filetype
             * @description A file's extension, with or without its dot.
             */
            fileType: string;
            /**
             * Filesize
             * @description In bytes; the parts must have exactly so many together.
             */
            fileSize: number;
        };
        /**
         * MultipartUpload
         * @description The file is cut into `parts` pieces of `partSize` bytes, the last one shorter.
         * @example {
         *       "fileId": "5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4",
         *       "key": "uploads/0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90/5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4.mp4",
         *       "partSize": 16777216,
         *       "parts": 44,
         *       "expiresIn": 900
         *     }
         */
        MultipartUpload: {
            /** Fileid */
            fileId: string;
            /** Key */
            key: string;
            /** Partsize */
            partSize: number;
            /** Parts */
            parts: number;
            /**
             * Expiresin
             * @description Seconds until parts must be signed, or the upload completed.
             */
            expiresIn: number;
        };
        /**
         * NewKey
         * @description A key as it was made. `token` is shown this once; it goes into `Authorization: Bearer`.
         * @example {
         *       "id": "4tq7hd2kzv5mw3xn6bpsaj4i",
         *       "name": "production",
         *       "prefix": "vs_4tq7hd2k",
         *       "scopes": [
         *         "read",
         *         "analyze"
         *       ],
         *       "createdAt": "2026-11-24T09:30:00Z",
         *       "expiresAt": "2027-02-22T09:30:00Z",
         *       "rotatedAt": null,
         *       "lastUsedAt": null,
         *       "token": "vs_4tq7hd2kzv5mw3xn6bpsaj4i_000000000000000000000000000000000000000000000000"
         *     }
         */
        NewKey: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Prefix */
            prefix: string;
            /** Scopes */
            scopes: ("read" | "analyze")[];
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /**
             * Expiresat
             * @description It works until then; null where it does not expire.
             */
            expiresAt: string | null;
            /** Rotatedat */
            rotatedAt: string | null;
            /**
             * Lastusedat
             * @description To the hour.
             */
            lastUsedAt: string | null;
            /** Token */
            token: string;
        };
        /**
         * Overall
         * @description The whole video: the utterances' distributions, averaged by duration. Empty without utterances.
         *
         *     Contributions and `bias` are the utterances' parts, averaged by duration, of log p(winner) - log p(runner-up) for
         *     the winner and runner-up of the whole.
         */
        Overall: {
            /** Emotions */
            emotions: components["schemas"]["EmotionScore"][];
            /** Sentiments */
            sentiments: components["schemas"]["SentimentScore"][];
            /**
             * Modalities
             * @default {}
             */
            modalities?: {
                [key: string]: components["schemas"]["Contribution"];
            };
            /** Bias */
            bias?: number | null;
            /**
             * Decided By
             * @default modalities
             * @enum {string}
             */
            decided_by?: "modalities" | "prior";
            /**
             * Unclear
             * @default false
             */
            unclear?: boolean;
        };
        /** PartUrl */
        PartUrl: {
            /** Partnumber */
            partNumber: number;
            /** Url */
            url: string;
        };
        /**
         * PartUrls
         * @description PUT each piece to its URL, and keep the `ETag` header of the answer.
         * @example {
         *       "parts": [
         *         {
         *           "partNumber": 1,
         *           "url": "https://media.s3.eu-central-1.amazonaws.com/uploads/0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90/5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4.mp4?X-Amz-Signature=..."
         *         }
         *       ],
         *       "expiresIn": 900
         *     }
         */
        PartUrls: {
            /** Parts */
            parts: components["schemas"]["PartUrl"][];
            /** Expiresin */
            expiresIn: number;
        };
        /**
         * PendingUpload
         * @description An upload that no analysis was started from. It counts until then, until it is abandoned, or until it expires.
         * @example {
         *       "id": "5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4",
         *       "key": "uploads/0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90/5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4.mp4",
         *       "size": 7340032,
         *       "inParts": false,
         *       "createdAt": "2026-11-24T09:30:00Z",
         *       "expiresAt": "2026-11-24T10:45:00Z"
         *     }
         */
        PendingUpload: {
            /** Id */
            id: string;
            /** Key */
            key: string;
            /**
             * Size
             * @description The announced size in bytes.
             */
            size: number | null;
            /** Inparts */
            inParts: boolean;
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /**
             * Expiresat
             * @description It is removed then.
             */
            expiresAt: string | null;
        };
        /**
         * PendingUploads
         * @description Newest first; there are 50 at most.
         * @example {
         *       "uploads": [
         *         {
         *           "id": "5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4",
         *           "key": "uploads/0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90/5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4.mp4",
         *           "size": 7340032,
         *           "inParts": false,
         *           "createdAt": "2026-11-24T09:30:00Z",
         *           "expiresAt": "2026-11-24T10:45:00Z"
         *         }
         *       ]
         *     }
         */
        PendingUploads: {
            /** Uploads */
            uploads: components["schemas"]["PendingUpload"][];
        };
        /**
         * Person
         * @description One who speaks in the video, told from others by the voice; known to this result alone.
         *
         *     `seconds` is the duration of the person's utterances, `summary` their average as in `Overall`.
         */
        Person: {
            /** Id */
            id: string;
            /**
             * Label
             * @description "Speaker 1", in the order in which people first speak, or the name that was given
             */
            label: string;
            /** Seconds */
            seconds: number;
            summary: components["schemas"]["Overall"];
            /**
             * Thumbnail Time
             * @description when the picture shows a face while the person speaks, in seconds; null if never
             */
            thumbnail_time?: number | null;
        };
        /**
         * Progress
         * @description Progress of an attempt, as written by the model server. `fraction` from 0 to 1.
         */
        Progress: {
            stage: components["schemas"]["Stage"];
            /** Fraction */
            fraction: number;
            /**
             * Updated
             * Format: date-time
             */
            updated: string;
        };
        /** SentimentScore */
        SentimentScore: {
            /**
             * Label
             * @enum {string}
             */
            label: "negative" | "neutral" | "positive";
            /** Confidence */
            confidence: number;
        };
        /**
         * SignPartsRequest
         * @example {
         *       "key": "uploads/0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90/5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4.mp4",
         *       "partNumbers": [
         *         1,
         *         2,
         *         3
         *       ]
         *     }
         */
        SignPartsRequest: {
            /**
             * Key
             * @description The `key` in the answer of `createUploadUrl`.
             */
            key: string;
            /** Partnumbers */
            partNumbers: number[];
        };
        /**
         * Stage
         * @description Stage of an analysis in progress, in their order.
         * @enum {string}
         */
        Stage: "transcribing" | "detecting" | "predicting" | "done";
        /**
         * Summary
         * @description `duration_s` in seconds. The distributions are those of the whole video; empty without utterances.
         */
        Summary: {
            /** Duration S */
            duration_s: number;
            /** Language */
            language: string | null;
            /** Utterances */
            utterances: number;
            /** Emotions */
            emotions: components["schemas"]["EmotionScore"][];
            /** Sentiments */
            sentiments: components["schemas"]["SentimentScore"][];
            /** Warnings */
            warnings: string[];
            /** Bundle */
            bundle: string;
            /** Bundle Version */
            bundle_version: string;
        };
        /**
         * UploadRequest
         * @example {
         *       "fileType": ".mp4",
         *       "fileSize": 7340032
         *     }
         */
        UploadRequest: {
            /**
             * Filetype
             * @description A file's extension, with or without its dot.
             */
            fileType: string;
            /**
             * Filesize
             * @description In bytes; the upload must then have exactly so many.
             */
            fileSize?: number | null;
        };
        /**
         * UploadUrl
         * @description PUT the file to `url`, with exactly `headers`, within `expiresIn` seconds; then start its analysis by `key`.
         * @example {
         *       "url": "https://media.s3.eu-central-1.amazonaws.com/uploads/0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90/5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4.mp4?X-Amz-Signature=...",
         *       "fileId": "5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4",
         *       "fileType": ".mp4",
         *       "key": "uploads/0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90/5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4.mp4",
         *       "headers": {
         *         "Content-Type": "video/mp4"
         *       },
         *       "expiresIn": 900
         *     }
         */
        UploadUrl: {
            /** Url */
            url: string;
            /** Fileid */
            fileId: string;
            /** Filetype */
            fileType: string;
            /** Key */
            key: string;
            /** Headers */
            headers: {
                [key: string]: string;
            };
            /** Expiresin */
            expiresIn: number;
        };
        /**
         * UploadedFile
         * @description Uploaded as a whole; start its analysis by `key`.
         * @example {
         *       "key": "uploads/0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90/5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4.mp4"
         *     }
         */
        UploadedFile: {
            /** Key */
            key: string;
        };
        /**
         * Usage
         * @description Use of the quota in a calendar month (UTC).
         * @example {
         *       "month": "2026-11",
         *       "plan": "free",
         *       "limit": 10000,
         *       "used": 42,
         *       "left": 9958,
         *       "resetsAt": "2026-12-01T00:00:00Z",
         *       "minutes": 63.5,
         *       "concurrency": 1,
         *       "days": [
         *         {
         *           "date": "2026-11-24",
         *           "requests": 42
         *         }
         *       ]
         *     }
         */
        Usage: {
            /** Month */
            month: string;
            /** Plan */
            plan: string;
            /** Limit */
            limit: number;
            /** Used */
            used: number;
            /** Left */
            left: number;
            /**
             * Resetsat
             * Format: date-time
             */
            resetsAt: string;
            /**
             * Minutes
             * @description Minutes of video analyzed.
             */
            minutes: number;
            /**
             * Concurrency
             * @description Analyses that are processed at a time. Further ones wait, in order.
             */
            concurrency: number;
            /** Days */
            days: components["schemas"]["Day"][];
        };
        /**
         * Utterance
         * @description One sentence, or one segment without speech (`text` is then empty).
         *
         *     The modalities' contributions and `bias`, the part of prior and fusion, add up to
         *     log p(winner) - log p(runner-up) of the emotions. Where no modality speaks for the winner it was `decided_by` the
         *     prior, and the weights are equal. `contradictory`: one modality looks pleasant and another unpleasant.
         *     `unclear`: the confidence is too low to show the first emotion as the result.
         */
        Utterance: {
            /** Start Time */
            start_time: number;
            /** End Time */
            end_time: number;
            /** Text */
            text: string;
            /**
             * Language
             * @description ISO 639-1 code of the language spoken; null without words, and before version 1.1
             */
            language?: string | null;
            /** Emotions */
            emotions: components["schemas"]["EmotionScore"][];
            /** Sentiments */
            sentiments: components["schemas"]["SentimentScore"][];
            /** Modalities */
            modalities: {
                [key: string]: components["schemas"]["ModalityShare"];
            };
            /** Bias */
            bias?: number | null;
            /**
             * Decided By
             * @default modalities
             * @enum {string}
             */
            decided_by?: "modalities" | "prior";
            /**
             * Contradictory
             * @default false
             */
            contradictory?: boolean;
            /**
             * Unclear
             * @default false
             */
            unclear?: boolean;
            /**
             * Speaker
             * @description `id` of the person who speaks; null without words, or where people are not told apart
             */
            speaker?: string | null;
            /**
             * Explanation
             * @description what each modality says, in one English sentence; empty before version 2.1
             * @default
             */
            explanation?: string;
        };
        /**
         * VideoInfo
         * @description Properties of the video as displayed, after rotation. Zero for what the file lacks.
         */
        VideoInfo: {
            /** Duration S */
            duration_s: number;
            /** Width */
            width: number;
            /** Height */
            height: number;
            /** Fps */
            fps: number;
            /** Has Audio */
            has_audio: boolean;
        };
        /**
         * VideoUrl
         * @description The video itself, for a player; for `expiresIn` seconds.
         * @example {
         *       "url": "https://media.s3.eu-central-1.amazonaws.com/uploads/0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90/5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4.mp4?X-Amz-Signature=...",
         *       "contentType": "video/mp4",
         *       "expiresIn": 900
         *     }
         */
        VideoUrl: {
            /** Url */
            url: string;
            /** Contenttype */
            contentType: string | null;
            /** Expiresin */
            expiresIn: number;
        };
        /**
         * Webhook
         * @description Address that events are sent to. `secret` signs them; `url` is null without a webhook.
         * @example {
         *       "url": "https://hooks.example.com/video-sentiment",
         *       "secret": "whsec_...",
         *       "secretBeforeUntil": null
         *     }
         */
        Webhook: {
            /** Url */
            url: string | null;
            /** Secret */
            secret: string;
            /**
             * Secretbeforeuntil
             * @description After a replacement: until when the secret before signs events as well. Null otherwise.
             */
            secretBeforeUntil: string | null;
        };
        /**
         * WebhookRequest
         * @example {
         *       "url": "https://hooks.example.com/video-sentiment"
         *     }
         */
        WebhookRequest: {
            /**
             * Url
             * Format: uri
             */
            url: string;
        };
        /**
         * WebhookTest
         * @description The event that is on its way to the webhook, as any other would be.
         * @example {
         *       "eventId": "evt_test_7d1c2a"
         *     }
         */
        WebhookTest: {
            /** Eventid */
            eventId: string;
        };
        /**
         * Problem
         * @description What went wrong (RFC 9457). Some problems have more members, such as `limit` and `remaining`.
         * @example {
         *       "type": "urn:video-sentiment:problem:not-uploaded",
         *       "title": "The file has not been uploaded",
         *       "status": 409,
         *       "detail": "the file has not been uploaded; PUT it to its URL first",
         *       "error": "the file has not been uploaded; PUT it to its URL first",
         *       "code": "not-uploaded",
         *       "requestId": "6f1c8a52-9b1e-4c1d-8a67-3f0d0c3a6b11"
         *     }
         */
        Problem: {
            /**
             * Format: uri
             * @description The kind of problem: `code` as a URN.
             */
            type: string;
            /** @description The kind of problem, in words. */
            title: string;
            /** @description The HTTP status. */
            status: number;
            /** @description What is wrong this time. */
            detail: string;
            /** @description The same as `detail`, for clients that read `error`. */
            error: string;
            /** @description The kind of problem, for programs. */
            code: string;
            /** @description Names the request in the log. */
            requestId?: string;
            /** @description Which fields do not fit the schema. */
            errors?: {
                field: string;
                message: string;
            }[];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    createUploadUrl: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UploadRequest"];
            };
        };
        responses: {
            /** @description PUT the file to `url`, with exactly `headers`, within `expiresIn` seconds; then start its analysis by `key`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadUrl"];
                };
            };
            /** @description The request cannot be fulfilled as it is: the file type, its size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file, or the request's body, is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much is going on at once. `Retry-After` says when to come again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createMultipartUpload: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MultipartRequest"];
            };
        };
        responses: {
            /** @description The file is cut into `parts` pieces of `partSize` bytes, the last one shorter. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MultipartUpload"];
                };
            };
            /** @description The request cannot be fulfilled as it is: the file type, its size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file, or the request's body, is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much is going on at once. `Retry-After` says when to come again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    signUploadParts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignPartsRequest"];
            };
        };
        responses: {
            /** @description PUT each piece to its URL, and keep the `ETag` header of the answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PartUrls"];
                };
            };
            /** @description The request cannot be fulfilled as it is: the file type, its size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or it belongs to somebody else. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file, or the request's body, is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    completeMultipartUpload: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CompleteRequest"];
            };
        };
        responses: {
            /** @description Uploaded as a whole; start its analysis by `key`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadedFile"];
                };
            };
            /** @description The request cannot be fulfilled as it is: the file type, its size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or it belongs to somebody else. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The state of things does not allow it; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file, or the request's body, is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    abortMultipartUpload: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AbortRequest"];
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request cannot be fulfilled as it is: the file type, its size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file, or the request's body, is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPendingUploads: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Newest first; there are 50 at most. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PendingUploads"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    abandonUpload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or it belongs to somebody else. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startAnalysis: {
        parameters: {
            query?: never;
            header?: {
                /** @description `respond-async`, or `wait=SECONDS`. */
                prefer?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InferenceRequest"];
            };
        };
        responses: {
            /** @description The whole analysis. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InferenceResult"];
                };
            };
            /** @description The analysis goes on; ask again at `statusUrl`. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description The request cannot be fulfilled as it is: the file type, its size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or it belongs to somebody else. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The state of things does not allow it; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file, or the request's body, is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The analysis failed on our side. It was not charged, and may be started again. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much is going on at once. `Retry-After` says when to come again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAnalyses: {
        parameters: {
            query?: {
                status?: ("queued" | "processing" | "completed" | "failed") | null;
                /** @description `cursor` of the page before. */
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Newest first. `cursor` asks for the next page; null on the last one. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnalysisPage"];
                };
            };
            /** @description The request cannot be fulfilled as it is: the file type, its size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAnalysis: {
        parameters: {
            query?: {
                format?: ("json" | "csv" | "srt" | "vtt") | null;
            };
            header?: {
                /** @description `text/csv`, `text/vtt` and so on, instead of `format`. */
                accept?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The analysis, as far as it is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnalysisDetail"];
                    "text/csv": string;
                    "application/x-subrip": string;
                    "text/vtt": string;
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or it belongs to somebody else. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The state of things does not allow it; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteAnalysis: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone for everybody; `restore` brings it back until `restorableUntil`, when it is purged for good. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deleted"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or it belongs to somebody else. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getVideoUrl: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The video itself, for a player; for `expiresIn` seconds. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VideoUrl"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or it belongs to somebody else. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The state of things does not allow it; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retryAnalysis: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An analysis in short. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnalysisItem"];
                };
            };
            /** @description The request cannot be fulfilled as it is: the file type, its size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or it belongs to somebody else. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The state of things does not allow it; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file, or the request's body, is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much is going on at once. `Retry-After` says when to come again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelAnalysis: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An analysis in short. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnalysisItem"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or it belongs to somebody else. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The state of things does not allow it; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too much is going on at once. `Retry-After` says when to come again. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    restoreAnalysis: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An analysis in short. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnalysisItem"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or it belongs to somebody else. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The state of things does not allow it; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getUsage: {
        parameters: {
            query?: {
                /** @description Such as `2026-11`. */
                month?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Use of the quota in a calendar month (UTC). */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Usage"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAuditEvents: {
        parameters: {
            query?: {
                /** @description `cursor` of the page before. */
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Newest first. `cursor` asks for the next page; null on the last one. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            /** @description The request cannot be fulfilled as it is: the file type, its size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getExample: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The analyzed example that the web app shows in every account; `deleted` where the user removed it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExampleState"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteExample: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    restoreExample: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The analyzed example that the web app shows in every account; `deleted` where the user removed it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExampleState"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyList"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyRequest"];
            };
        };
        responses: {
            /** @description A key as it was made. `token` is shown this once; it goes into `Authorization: Bearer`. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            /** @description The request cannot be fulfilled as it is: the file type, its size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The state of things does not allow it; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file, or the request's body, is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotateKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A key as it was made. `token` is shown this once; it goes into `Authorization: Bearer`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or it belongs to somebody else. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revokeKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing, or it belongs to somebody else. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Address that events are sent to. `secret` signs them; `url` is null without a webhook. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookRequest"];
            };
        };
        responses: {
            /** @description Address that events are sent to. `secret` signs them; `url` is null without a webhook. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description The request cannot be fulfilled as it is: the file type, its size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file, or the request's body, is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body or a parameter does not fit the schema; `errors` names the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotateWebhookSecret: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Address that events are sent to. `secret` signs them; `url` is null without a webhook. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    testWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event that is on its way to the webhook, as any other would be. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookTest"];
                };
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The state of things does not allow it; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    signOutEverywhere: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteAccount: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The credentials are missing or not valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, or the API key lacks the scope. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The quota is used up, or requests come too fast. `Retry-After` says when to come again. */
            429: {
                headers: {
                    /** @description In seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
