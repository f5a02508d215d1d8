// Written by frontend_site/scripts/types.mjs from docs/openapi.json; do not edit.

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
         *     PUT the file to it with the returned headers, then start the analysis by `key`. For files over 100 MB, a multipart
         *     upload is recommended.
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
         * @description Start a multipart upload.
         *
         *     For files over 100 MB: parts can be uploaded in parallel, and a part that fails is retried alone. Split the file,
         *     sign the parts, PUT each of them, and complete the upload.
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
         * @description Get URLs for parts of an upload, at most 100 per request.
         *
         *     Each URL accepts exactly the size of its part. An upload that is not completed expires one day after its start.
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
         * @description Complete a multipart upload from all its parts, which must have the declared size. Idempotent.
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
         * @description Abort a multipart upload and delete its parts. Idempotent.
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
         * @description List the pending uploads, from which no analysis has been started.
         *
         *     Their number is limited; the error `too-many-uploads` has the time until the next one expires.
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
         * @description Abandon a pending upload. The uploaded data is deleted, and the upload no longer counts toward the limit.
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
         *     Waits up to 25 seconds for the result. If the analysis takes longer, it continues, and the response is 202 with a
         *     status URL. `Prefer: respond-async` responds with 202 at once, `Prefer: wait=5` after five seconds.
         *
         *     Repeating the request for the same `key` returns the same analysis and is charged once. A failed analysis is not
         *     charged; repeating its request starts another attempt. `people` counts when an attempt starts: a retry keeps what
         *     the analysis had, unless the confirmation was withdrawn.
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
         *     Optionally only those with a `status`, or those started in a `month` or charged to it. A page may have fewer items
         *     than `limit`; the last one has no `cursor`.
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
         *     The JSON contains the progress during processing, and the reason of a failure. The formats `csv`, `srt` and `vtt`
         *     contain only the result, as a file, with the names given to its people.
         */
        get: operations["getAnalysis"];
        put?: never;
        post?: never;
        /**
         * Delete Analysis
         * @description Delete an analysis with its video, result and record.
         *
         *     It is hidden at once, and can be restored for some minutes; then everything is permanently deleted.
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
         * @description Get a URL to play the video of an analysis.
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
         * @description Retry a failed analysis.
         *
         *     It is charged like a new one. An analysis that has not failed is returned unchanged. A retry is refused if the same
         *     file would fail again, and after five attempts.
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
         * @description Cancel a queued or processing analysis.
         *
         *     Its status becomes `failed` with the code `cancelled`; it is not charged, and can be retried. The request is
         *     idempotent; an analysis that has already ended is not changed.
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
         * @description Restore a deleted analysis that has not been permanently deleted yet.
         */
        post: operations["restoreAnalysis"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/analyses/{id}/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Edit People
         * @description Name the people of a completed analysis, and merge those who are the same person.
         *
         *     The request replaces all names and merges; empty ones remove them. The stored result is not changed: names and
         *     merges are returned as `peopleEdits`, used by the exports, and deleted with the analysis.
         */
        put: operations["editPeople"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/analyses/{id}/shares": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Shares
         * @description List the links to an analysis, newest first, without their tokens.
         */
        get: operations["listShares"];
        put?: never;
        /**
         * Create Share
         * @description Create a read-only link to a completed analysis. Its token is shown only once.
         *
         *     Anyone with the link can read the transcript, predictions and curves until it expires or is revoked, and with
         *     `includeVideo` play the video; nothing else of the account.
         */
        post: operations["createShare"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/analyses/{id}/shares/{share_id}": {
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
         * Revoke Share
         * @description Revoke a link to an analysis. It is invalid at once.
         */
        delete: operations["revokeShare"];
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
         * @description Get the usage and the remaining quota of a calendar month (UTC).
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
         * @description List the audit events of the last 90 days, newest first.
         *
         *     They cover sign-ins that were followed by a request, changes of API keys and the webhook, and analyses that were
         *     deleted, restored or cancelled.
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
    "/webhook/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Deliveries
         * @description List the attempts to deliver webhook events, newest first.
         *
         *     Entries of the last 30 days are kept, about 200 at most. They are deleted with the webhook.
         */
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhook/deliveries/{id}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Redeliver
         * @description Deliver an event once more, with the same id and content, to the current URL of the webhook.
         *
         *     Idempotent: each attempt is redelivered once, and a repeated request changes nothing. Limited to 60 per hour. An
         *     event whose analysis was deleted or retried is obsolete, and not sent.
         */
        post: operations["redeliver"];
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
         *     The example is not an analysis of the account and is never charged.
         */
        get: operations["getExample"];
        put?: never;
        post?: never;
        /**
         * Delete Example
         * @description Delete the example from the account. Idempotent.
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
         * @description List the API keys, identified by their prefixes.
         */
        get: operations["listKeys"];
        put?: never;
        /**
         * Create Key
         * @description Create an API key. Its token is shown only once.
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
         * @description Replace the secret of an API key. The old token is invalid at once; scopes and expiry stay the same.
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
         * @description Revoke an API key. It is invalid at once.
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
         * @description Get the webhook and its secret.
         *
         *     The secret signs all events of the account, including those sent to the `webhookUrl` of a single request.
         */
        get: operations["getWebhook"];
        /**
         * Set Webhook
         * @description Set the webhook URL, to which events are sent.
         *
         *     It must be a public https URL; a product on one machine also accepts http://localhost. The secret is created with
         *     the first URL, and stays when the URL changes.
         */
        put: operations["setWebhook"];
        post?: never;
        /**
         * Delete Webhook
         * @description Delete the webhook and the delivery log. Events that are already queued are not sent any more. Idempotent.
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
         * @description Replace the webhook secret.
         *
         *     All events are signed with the new secret from now on, including queued ones. For one day they are also signed with
         *     the replaced secret, so that receivers can be updated. To invalidate an old secret at once, replace it twice.
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
         * @description Send a test event to the webhook.
         *
         *     Its type is `webhook.test`. It is signed and retried like any other event, and limited to 30 per hour. A few seconds
         *     later, the delivery log has its outcome under `deliveryId`.
         */
        post: operations["testWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Account People
         * @description Get whether the owner has confirmed a lawful basis for telling people apart.
         */
        get: operations["getAccountPeople"];
        /**
         * Set Account People
         * @description Confirm a lawful basis for telling people apart by their voices, or withdraw the confirmation.
         *
         *     Voices are biometric data (GDPR, article 9), so without a confirmation no analysis compares them. Once confirmed,
         *     analyses tell people apart unless a request sends `people: false`. A withdrawal applies to analyses that are started
         *     or retried later; delete earlier ones to remove their people.
         */
        put: operations["setAccountPeople"];
        post?: never;
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
         * @description Sign out on all devices, including this one.
         *
         *     The tokens of all sessions are refused from now on. API keys are not affected.
         */
        post: operations["signOutEverywhere"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/upload-terms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Upload Terms
         * @description Get the confirmation that the user may analyze the people shown in uploads.
         */
        get: operations["getUploadTerms"];
        put?: never;
        /**
         * Accept Upload Terms
         * @description Confirm that the user may analyze the people shown in uploads.
         *
         *     The web app asks for it once, before the first upload. Repeating the request keeps the first time.
         */
        post: operations["acceptUploadTerms"];
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
         * @description Delete the account and all its data.
         *
         *     All sessions and API keys are invalid at once, nobody can sign in again, and nothing new can be started. Videos,
         *     results and records are deleted in the background, usually within minutes; accounts with many thousands of analyses
         *     take longer. This cannot be undone.
         */
        delete: operations["deleteAccount"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/shared-analysis": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Shared Analysis
         * @description Read a shared analysis. Send the link's token as `Authorization: Bearer TOKEN`.
         *
         *     The response is the same 404 for a wrong, expired or revoked token, and for a deleted analysis.
         */
        get: operations["readSharedAnalysis"];
        put?: never;
        post?: never;
        delete?: never;
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
         * @description Multipart upload to abort.
         * @example {
         *       "key": "uploads/0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90/5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4.mp4"
         *     }
         */
        AbortRequest: {
            /**
             * Key
             * @description The `key` returned by `createUploadUrl`.
             */
            key: string;
        };
        /**
         * Accepted
         * @description Analysis that is still running; poll `statusUrl`.
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
         * AccountPeople
         * @description Confirmation of an account; until then its analyses tell nobody apart, and `confirmedAt` is null.
         * @example {
         *       "confirmedAt": "2026-11-24T09:30:00Z",
         *       "lawfulBasisConfirmed": true
         *     }
         */
        AccountPeople: {
            /** Lawfulbasisconfirmed */
            lawfulBasisConfirmed: boolean;
            /** Confirmedat */
            confirmedAt: string | null;
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
             * @description ISO 639-1 code of the language of most of the speech; null without words
             */
            language: string | null;
            /**
             * Language Probability
             * @description Probability of the detected language; null when it was not detected, and before version 1.1
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
            /** @description null without a voice or a face, and before version 2.2 */
            curves?: components["schemas"]["Curves"] | null;
            /**
             * Warnings
             * @default []
             */
            warnings?: string[];
        };
        /**
         * AnalysisDetail
         * @description Analysis with its progress or result.
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
         *       "secondsAnalyzed": 4.2,
         *       "chargedOn": "2026-11-24",
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
         *             "explanation": "The text suggests joy."
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
         *             "thumbnail_time": 1.5,
         *             "thumbnail_box": [
         *               0.4,
         *               0.1,
         *               0.6,
         *               0.5
         *             ]
         *           }
         *         ],
         *         "curves": {
         *           "step_s": 0.5,
         *           "emotions": [
         *             "anger",
         *             "disgust",
         *             "fear",
         *             "joy",
         *             "neutral",
         *             "sadness",
         *             "surprise"
         *           ],
         *           "window_s": {
         *             "face": 1
         *           },
         *           "modalities": {
         *             "face": [
         *               null,
         *               [
         *                 0.02,
         *                 0.01,
         *                 0.02,
         *                 0.64,
         *                 0.21,
         *                 0.04,
         *                 0.06
         *               ]
         *             ]
         *           }
         *         },
         *         "warnings": []
         *       },
         *       "resultUrl": "https://results.s3.eu-central-1.amazonaws.com/analyses/...?X-Amz-Signature=...",
         *       "peopleEdits": {
         *         "names": {
         *           "S1": "Anna"
         *         },
         *         "merged": {}
         *       }
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
             * @description Position in the account's queue; 1 is next. Null if the analysis is not queued, or is beyond position 1,000.
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
             * @description Time at which the analysis and its video will be deleted.
             */
            expiresAt: string | null;
            /**
             * Secondsanalyzed
             * @description Duration of the video; null until the analysis is completed.
             */
            secondsAnalyzed: number | null;
            /**
             * Chargedon
             * @description Day (UTC) on which the analysis was charged to the quota; null if it is not charged.
             */
            chargedOn: string | null;
            /** @description Null until the analysis is completed. */
            summary: components["schemas"]["Summary"] | null;
            /** @description Reason of the failure; null unless the analysis failed. */
            error: components["schemas"]["Failure"] | null;
            /** @description Present during processing, once the model has reported progress. */
            progress: components["schemas"]["Progress"] | null;
            /** @description Result of a completed analysis. Null if it is too large for a response; then fetch `resultUrl`. */
            analysis: components["schemas"]["Analysis"] | null;
            /**
             * Resulturl
             * @description URL of the result of a completed analysis as a JSON file, valid for 15 minutes.
             */
            resultUrl: string | null;
            /** @description The owner's names for the `people` of the result, and who of them is the same person; `analysis` does not contain them. */
            peopleEdits: components["schemas"]["PeopleEdits"];
        };
        /**
         * AnalysisItem
         * @description Analysis in a list.
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
         *       "secondsAnalyzed": 4.2,
         *       "chargedOn": "2026-11-24",
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
             * @description Position in the account's queue; 1 is next. Null if the analysis is not queued, or is beyond position 1,000.
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
             * @description Time at which the analysis and its video will be deleted.
             */
            expiresAt: string | null;
            /**
             * Secondsanalyzed
             * @description Duration of the video; null until the analysis is completed.
             */
            secondsAnalyzed: number | null;
            /**
             * Chargedon
             * @description Day (UTC) on which the analysis was charged to the quota; null if it is not charged.
             */
            chargedOn: string | null;
            /** @description Null until the analysis is completed. */
            summary: components["schemas"]["Summary"] | null;
            /** @description Reason of the failure; null unless the analysis failed. */
            error: components["schemas"]["Failure"] | null;
        };
        /**
         * AnalysisPage
         * @description Page of analyses, newest first. Pass `cursor` to get the next page; it is null on the last one.
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
         *           "secondsAnalyzed": 4.2,
         *           "chargedOn": "2026-11-24",
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
         * @description Event of the audit log.
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
            event: "signed-in" | "signed-out-everywhere" | "key-created" | "key-rotated" | "key-revoked" | "key-expired" | "webhook-set" | "webhook-removed" | "webhook-secret-rotated" | "people-confirmed" | "people-withdrawn" | "analysis-deleted" | "analysis-restored" | "analysis-cancelled" | "share-created" | "share-revoked" | "share-expired";
            /**
             * By
             * @description Actor: `session`, the prefix of an API key, `operator` (staff of the service) or `system`.
             */
            by: string;
            /**
             * Subject
             * @description Name or id of the object concerned.
             */
            subject: string | null;
        };
        /**
         * AuditPage
         * @description Page of audit events, newest first. Pass `cursor` to get the next page; it is null on the last one.
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
         * @description Multipart upload to complete, with all its parts.
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
             * @description The `key` returned by `createUploadUrl`.
             */
            key: string;
            /** Parts */
            parts: components["schemas"]["CompletedPart"][];
        };
        /**
         * CompletedPart
         * @description Uploaded part, with the `ETag` that its PUT returned.
         */
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
         *     `contribution` is its signed part, in nats, of log p(winner) - log p(runner-up); a negative one favors the
         *     runner-up. It is null in results of schema 1, whose weights were constants. `weight` is its share of the
         *     contributions that favor the winner.
         */
        Contribution: {
            /** Weight */
            weight: number;
            /** Contribution */
            contribution?: number | null;
        };
        /**
         * Curves
         * @description Predictions of voice and face by themselves over time.
         *
         *     Step i extends from i * `step_s` to (i + 1) * `step_s`. The modalities' lists have an entry for each step, the last
         *     of which may end after the video: the probabilities in the order of `emotions`, rounded to thousandths, or null
         *     without evidence. They are calibrated as `ModalityShare.emotions` are. `window_s` is the duration of the evidence
         *     around the middle of a step from which it is predicted, where the utterance has as much.
         */
        Curves: {
            /**
             * Step S
             * @description 0.5, or a multiple of it for videos of more than 20 minutes
             */
            step_s: number;
            /** Emotions */
            emotions: ("anger" | "disgust" | "fear" | "joy" | "neutral" | "sadness" | "surprise")[];
            /** Window S */
            window_s: {
                [key: string]: number;
            };
            /** Modalities */
            modalities: {
                [key: string]: (number[] | null)[];
            };
        };
        /**
         * Day
         * @description Analyses charged on a day.
         */
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
         * @description Deleted analysis. It can be restored until `restorableUntil`; then it is permanently deleted.
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
        /**
         * Delivery
         * @description Attempt to deliver a webhook event.
         * @example {
         *       "id": "9c1e4b7a2f805d3e6b1a7c40",
         *       "at": "2026-11-24T09:30:00Z",
         *       "eventId": "evt_k3v7q2m5x4n6pbcdt2w7y2z3ab_1_completed",
         *       "eventType": "analysis.completed",
         *       "analysisId": "k3v7q2m5x4n6pbcdt2w7y2z3ab",
         *       "destination": "https://hooks.example.com",
         *       "attempt": 2,
         *       "outcome": "retrying",
         *       "status": 503,
         *       "error": "http-status",
         *       "durationMs": 182,
         *       "nextAttemptAt": "2026-11-24T09:31:52Z",
         *       "redelivered": false
         *     }
         */
        Delivery: {
            /** Id */
            id: string;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Eventid
             * @description The same for every attempt and redelivery of an event.
             */
            eventId: string;
            /**
             * Eventtype
             * @enum {string}
             */
            eventType: "analysis.completed" | "analysis.failed" | "webhook.test";
            /**
             * Analysisid
             * @description Null for a test event.
             */
            analysisId: string | null;
            /**
             * Destination
             * @description Scheme, host and port of the URL, whose path and query may hold secrets.
             */
            destination: string;
            /**
             * Attempt
             * @description Number of the attempt, from 1.
             */
            attempt: number;
            /**
             * Outcome
             * @description `retrying`: failed, and another attempt will follow at `nextAttemptAt`.
             * @enum {string}
             */
            outcome: "delivered" | "retrying" | "failed";
            /**
             * Status
             * @description HTTP status of the response; null if there was none.
             */
            status: number | null;
            /**
             * Error
             * @description Kind of error; null if the event was delivered.
             */
            error: ("http-status" | "timeout" | "connection" | "tls" | "host-not-found" | "invalid-response" | "url-not-allowed" | "paused") | null;
            /** Durationms */
            durationMs: number;
            /** Nextattemptat */
            nextAttemptAt: string | null;
            /**
             * Redelivered
             * @description Whether it was queued once more; that is possible once per attempt.
             */
            redelivered: boolean;
        };
        /**
         * DeliveryPage
         * @description Page of the delivery log, newest first. Pass `cursor` to get the next page; it is null on the last one.
         * @example {
         *       "deliveries": [
         *         {
         *           "id": "9c1e4b7a2f805d3e6b1a7c40",
         *           "at": "2026-11-24T09:30:00Z",
         *           "eventId": "evt_k3v7q2m5x4n6pbcdt2w7y2z3ab_1_completed",
         *           "eventType": "analysis.completed",
         *           "analysisId": "k3v7q2m5x4n6pbcdt2w7y2z3ab",
         *           "destination": "https://hooks.example.com",
         *           "attempt": 2,
         *           "outcome": "retrying",
         *           "status": 503,
         *           "error": "http-status",
         *           "durationMs": 182,
         *           "nextAttemptAt": "2026-11-24T09:31:52Z",
         *           "redelivered": false
         *         }
         *       ],
         *       "cursor": null
         *     }
         */
        DeliveryPage: {
            /** Deliveries */
            deliveries: components["schemas"]["Delivery"][];
            /** Cursor */
            cursor: string | null;
        };
        /**
         * EmotionScore
         * @description Probability of one emotion.
         */
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
         * @description State of the analyzed example that the web app shows in every account until the user deletes it.
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
         * @description Reason why an analysis failed. It was not charged.
         * @example {
         *       "code": "timed-out",
         *       "message": "No result arrived in time. Retry the analysis."
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
         * @description Request to analyze an uploaded video.
         * @example {
         *       "key": "uploads/0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90/5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4.mp4",
         *       "webhookUrl": "https://hooks.example.com/video-sentiment",
         *       "fileName": "interview.mp4"
         *     }
         */
        InferenceRequest: {
            /**
             * Key
             * @description The `key` returned by `createUploadUrl`.
             */
            key: string;
            /**
             * Filename
             * @description Name shown in lists.
             */
            fileName?: string | null;
            /**
             * Webhookurl
             * @description Receives the event of this analysis instead of the account's webhook.
             */
            webhookUrl?: string | null;
            /**
             * People
             * @description Tell people apart by their voices (biometric data). By default on once the account's owner has confirmed a lawful basis in the web app, and refused before.
             */
            people?: boolean | null;
        };
        /**
         * InferenceResult
         * @description Result of an analysis that was completed while the request waited.
         * @example {
         *       "id": "k3v7q2m5x4n6pbcdt2w7y2z3ab",
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
         *             "explanation": "The text suggests joy."
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
         *             "thumbnail_time": 1.5,
         *             "thumbnail_box": [
         *               0.4,
         *               0.1,
         *               0.6,
         *               0.5
         *             ]
         *           }
         *         ],
         *         "curves": {
         *           "step_s": 0.5,
         *           "emotions": [
         *             "anger",
         *             "disgust",
         *             "fear",
         *             "joy",
         *             "neutral",
         *             "sadness",
         *             "surprise"
         *           ],
         *           "window_s": {
         *             "face": 1
         *           },
         *           "modalities": {
         *             "face": [
         *               null,
         *               [
         *                 0.02,
         *                 0.01,
         *                 0.02,
         *                 0.64,
         *                 0.21,
         *                 0.04,
         *                 0.06
         *               ]
         *             ]
         *           }
         *         },
         *         "warnings": []
         *       }
         *     }
         */
        InferenceResult: {
            /** Id */
            id: string;
            analysis: components["schemas"]["Analysis"];
        };
        /**
         * KeyItem
         * @description API key without its secret, identified by `prefix`.
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
             * @description Null if the key never expires.
             */
            expiresAt: string | null;
            /** Rotatedat */
            rotatedAt: string | null;
            /**
             * Lastusedat
             * @description Time of the last use, with a resolution of one hour.
             */
            lastUsedAt: string | null;
        };
        /**
         * KeyList
         * @description All active API keys, newest first.
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
         * @description New API key. The scope `read` allows all GET requests, `analyze` all other requests.
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
             * @description Validity in days; null for a key that never expires.
             */
            expiresInDays?: number | null;
        };
        /**
         * ModalityShare
         * @description Contribution of one modality, and its own prediction of the emotions.
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
         *     `bundle` and `version` identify the bundle that predicted, `speech` the transcriber ("" when none ran). `prior` is
         *     the class frequencies that were assumed: the bundle's declared ones or uniform ones.
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
         * @description File to upload in parts.
         * @example {
         *       "fileType": ".mov",
         *       "fileSize": 734003200
         *     }
         */
        MultipartRequest: {
            /**
             * Filetype
             * @description File extension, with or without the dot.
             */
            fileType: string;
            /**
             * Filesize
             * @description Size in bytes. The parts together must have exactly this size.
             */
            fileSize: number;
        };
        /**
         * MultipartUpload
         * @description Multipart upload. Split the file into `parts` pieces of `partSize` bytes; the last one may be smaller.
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
             * @description Seconds within which parts must be signed or the upload completed.
             */
            expiresIn: number;
        };
        /**
         * NewKey
         * @description New or rotated API key. `token` is shown only once; send it as `Authorization: Bearer TOKEN`.
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
             * @description Null if the key never expires.
             */
            expiresAt: string | null;
            /** Rotatedat */
            rotatedAt: string | null;
            /**
             * Lastusedat
             * @description Time of the last use, with a resolution of one hour.
             */
            lastUsedAt: string | null;
            /** Token */
            token: string;
        };
        /**
         * NewShare
         * @description New link to an analysis. `token` and the two addresses, which contain it, are shown only once.
         * @example {
         *       "id": "mzxw6ytboi2gk3tt",
         *       "createdAt": "2026-11-24T09:30:00Z",
         *       "expiresAt": "2026-12-01T09:30:00Z",
         *       "includeVideo": false,
         *       "token": "mzxw6ytboi2gk3ttaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         *       "url": "https://video-sentiment.example.com/s/#mzxw6ytboi2gk3ttaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         *       "embedUrl": "https://video-sentiment.example.com/embed/#mzxw6ytboi2gk3ttaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         *     }
         */
        NewShare: {
            /** Id */
            id: string;
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /**
             * Expiresat
             * Format: date-time
             */
            expiresAt: string;
            /** Includevideo */
            includeVideo: boolean;
            /** Token */
            token: string;
            /**
             * Url
             * @description Page to send to readers. The token is in its fragment, which browsers do not send.
             */
            url: string;
            /**
             * Embedurl
             * @description The same page for an `iframe`, which any site may show.
             */
            embedUrl: string;
        };
        /**
         * Overall
         * @description Result for the whole video: the utterances' distributions, weighted by duration. Empty without utterances.
         *
         *     Contributions and `bias` are the utterances' parts, weighted by duration, of log p(winner) - log p(runner-up) for
         *     the winner and runner-up of the whole video.
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
        /**
         * PartUrl
         * @description Presigned URL of a part.
         */
        PartUrl: {
            /** Partnumber */
            partNumber: number;
            /** Url */
            url: string;
        };
        /**
         * PartUrls
         * @description PUT each part to its URL, and keep the `ETag` header of the response.
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
         * @description Upload without an analysis. It is pending until its analysis is started, it is abandoned, or it expires.
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
             * @description Declared size in bytes.
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
             * @description Time at which the upload is removed.
             */
            expiresAt: string | null;
        };
        /**
         * PendingUploads
         * @description Pending uploads, newest first; at most 50.
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
         * PeopleConfirmation
         * @description Confirmation, or its withdrawal, of a lawful basis for telling people apart by their voices (GDPR, article 9).
         * @example {
         *       "lawfulBasisConfirmed": true
         *     }
         */
        PeopleConfirmation: {
            /** Lawfulbasisconfirmed */
            lawfulBasisConfirmed: boolean;
        };
        /**
         * PeopleEdits
         * @description Names of people by `id`, and for each merged `id` the one that it belongs to.
         * @example {
         *       "names": {
         *         "S1": "Anna"
         *       },
         *       "merged": {}
         *     }
         */
        PeopleEdits: {
            /**
             * Names
             * @description Printable characters; shown instead of `label`.
             */
            names?: {
                [key: string]: string;
            };
            /**
             * Merged
             * @description Without cycles: `S3` is the same person as `S1`.
             */
            merged?: {
                [key: string]: string;
            };
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
            /**
             * Thumbnail Box
             * @description that face's left, top, right and bottom, as shares of the picture's width and height
             */
            thumbnail_box?: number[] | null;
        };
        /**
         * Progress
         * @description Progress of an attempt, as written by the model server. `fraction` is from 0 to 1.
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
        /**
         * Redelivery
         * @description Event that has been queued once more.
         * @example {
         *       "deliveryId": "9c1e4b7a2f805d3e6b1a7c40"
         *     }
         */
        Redelivery: {
            /**
             * Deliveryid
             * @description Id that its first new attempt will have in the delivery log.
             */
            deliveryId: string;
        };
        /**
         * SentimentScore
         * @description Probability of one sentiment.
         */
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
         * ShareItem
         * @description Link to an analysis, without its token.
         * @example {
         *       "id": "mzxw6ytboi2gk3tt",
         *       "createdAt": "2026-11-24T09:30:00Z",
         *       "expiresAt": "2026-12-01T09:30:00Z",
         *       "includeVideo": false
         *     }
         */
        ShareItem: {
            /** Id */
            id: string;
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /**
             * Expiresat
             * Format: date-time
             */
            expiresAt: string;
            /** Includevideo */
            includeVideo: boolean;
        };
        /**
         * ShareList
         * @description All links to an analysis, newest first.
         * @example {
         *       "shares": [
         *         {
         *           "id": "mzxw6ytboi2gk3tt",
         *           "createdAt": "2026-11-24T09:30:00Z",
         *           "expiresAt": "2026-12-01T09:30:00Z",
         *           "includeVideo": false
         *         }
         *       ]
         *     }
         */
        ShareList: {
            /** Shares */
            shares: components["schemas"]["ShareItem"][];
        };
        /**
         * ShareRequest
         * @description New link to an analysis.
         * @example {
         *       "expiresInHours": 168,
         *       "includeVideo": false
         *     }
         */
        ShareRequest: {
            /**
             * Expiresinhours
             * @description Validity in hours, up to 90 days.
             * @default 168
             */
            expiresInHours?: number;
            /**
             * Includevideo
             * @description True if readers may play the video, and not only read the result.
             * @default false
             */
            includeVideo?: boolean;
        };
        /**
         * SharedAnalysis
         * @description Analysis as the readers of a link get it.
         * @example {
         *       "fileName": "interview.mp4",
         *       "createdAt": "2026-11-24T09:30:00Z",
         *       "expiresAt": "2026-12-01T09:30:00Z",
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
         *             "explanation": "The text suggests joy."
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
         *             "thumbnail_time": 1.5,
         *             "thumbnail_box": [
         *               0.4,
         *               0.1,
         *               0.6,
         *               0.5
         *             ]
         *           }
         *         ],
         *         "curves": {
         *           "step_s": 0.5,
         *           "emotions": [
         *             "anger",
         *             "disgust",
         *             "fear",
         *             "joy",
         *             "neutral",
         *             "sadness",
         *             "surprise"
         *           ],
         *           "window_s": {
         *             "face": 1
         *           },
         *           "modalities": {
         *             "face": [
         *               null,
         *               [
         *                 0.02,
         *                 0.01,
         *                 0.02,
         *                 0.64,
         *                 0.21,
         *                 0.04,
         *                 0.06
         *               ]
         *             ]
         *           }
         *         },
         *         "warnings": []
         *       },
         *       "resultUrl": "https://results.s3.eu-central-1.amazonaws.com/analyses/...?X-Amz-Signature=...",
         *       "video": null
         *     }
         */
        SharedAnalysis: {
            /** Filename */
            fileName: string | null;
            /**
             * Createdat
             * Format: date-time
             * @description Time at which the analysis was started.
             */
            createdAt: string;
            /**
             * Expiresat
             * Format: date-time
             * @description Time at which the link expires.
             */
            expiresAt: string;
            /** @description Result. Null if it is too large for a response; then fetch `resultUrl`. */
            analysis: components["schemas"]["Analysis"] | null;
            /**
             * Resulturl
             * @description URL of the result as a JSON file, valid for 15 minutes.
             */
            resultUrl: string;
            /** @description URL of the video; null unless the link includes it. */
            video: components["schemas"]["VideoUrl"] | null;
        };
        /**
         * SignPartsRequest
         * @description Parts to upload next.
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
             * @description The `key` returned by `createUploadUrl`.
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
         * @description Summary of a result. The distributions are of the whole video, and empty if it has no utterances.
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
         * @description File to upload in one request.
         * @example {
         *       "fileType": ".mp4",
         *       "fileSize": 7340032
         *     }
         */
        UploadRequest: {
            /**
             * Filetype
             * @description File extension, with or without the dot.
             */
            fileType: string;
            /**
             * Filesize
             * @description Size in bytes. If given, the upload must have exactly this size.
             */
            fileSize?: number | null;
        };
        /**
         * UploadTerms
         * @description Confirmation that the user may analyze the people shown in uploads.
         * @example {
         *       "acceptedAt": "2026-11-24T09:30:00Z"
         *     }
         */
        UploadTerms: {
            /**
             * Acceptedat
             * @description Null if the user has not confirmed it yet.
             */
            acceptedAt: string | null;
        };
        /**
         * UploadUrl
         * @description PUT the file to `url` with exactly `headers` within `expiresIn` seconds, then start its analysis by `key`.
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
         * @description Completed upload; start its analysis by `key`.
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
         * @description Usage in a calendar month (UTC).
         * @example {
         *       "month": "2026-11",
         *       "plan": "free",
         *       "limit": 10000,
         *       "used": 42,
         *       "remaining": 9958,
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
            /**
             * Remaining
             * @description Analyses that can still be started in the month.
             */
            remaining: number;
            /**
             * Left
             * @deprecated
             * @description Deprecated: use `remaining`, which has the same value.
             */
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
             * @description Analyses that are processed at a time; further ones are queued in order.
             */
            concurrency: number;
            /**
             * Days
             * @description Days with at least one analysis.
             */
            days: components["schemas"]["Day"][];
        };
        /**
         * Utterance
         * @description One sentence, or one segment without speech (`text` is then empty).
         *
         *     The modalities' contributions and `bias`, the part of prior and fusion, add up to
         *     log p(winner) - log p(runner-up) of the emotions. If no modality favors the winner, `decided_by` is
         *     `prior` and the weights are equal. `contradictory`: one modality is pleasant and another unpleasant.
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
             * @description ISO 639-1 code of the spoken language; null without words, and before version 1.1
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
             * @description Explanation of the result in one English sentence; empty before version 2.1
             * @default
             */
            explanation?: string;
        };
        /**
         * VideoInfo
         * @description Properties of the video as displayed, after rotation. Zero for missing tracks.
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
         * @description URL of the video for playback, valid for `expiresIn` seconds.
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
         * @description Webhook of the account. `secret` signs its events; `url` is null if no webhook is set.
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
             * @description Time until which the replaced secret also signs events; null if there is none.
             */
            secretBeforeUntil: string | null;
        };
        /**
         * WebhookRequest
         * @description New webhook URL.
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
         * @description Test event that has been queued for delivery.
         * @example {
         *       "eventId": "evt_test_7d1c2a",
         *       "deliveryId": "9c1e4b7a2f805d3e6b1a7c40"
         *     }
         */
        WebhookTest: {
            /** Eventid */
            eventId: string;
            /**
             * Deliveryid
             * @description Id that the event's first attempt will have in the delivery log.
             */
            deliveryId: string;
        };
        /**
         * Problem
         * @description An error (RFC 9457). Some problems have more members, such as `limit` and `remaining`.
         * @example {
         *       "type": "urn:video-sentiment:problem:not-uploaded",
         *       "title": "File not uploaded",
         *       "status": 409,
         *       "detail": "The file has not been uploaded. PUT it to its upload URL first.",
         *       "error": "The file has not been uploaded. PUT it to its upload URL first.",
         *       "code": "not-uploaded",
         *       "requestId": "6f1c8a52-9b1e-4c1d-8a67-3f0d0c3a6b11"
         *     }
         */
        Problem: {
            /**
             * Format: uri
             * @description Problem type: `code` as a URN.
             */
            type: string;
            /** @description Short summary of the problem type. */
            title: string;
            /** @description HTTP status. */
            status: number;
            /** @description Explanation of this occurrence. */
            detail: string;
            /** @description Same as `detail`, for clients that read `error`. */
            error: string;
            /** @description Machine-readable problem type. */
            code: string;
            /** @description Id of the request in the log. */
            requestId?: string;
            /** @description Fields that do not match the schema. */
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
            /** @description PUT the file to `url` with exactly `headers` within `expiresIn` seconds, then start its analysis by `key`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadUrl"];
                };
            };
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file or the request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service temporarily busy; retry after `Retry-After` seconds. */
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
            /** @description Multipart upload. Split the file into `parts` pieces of `partSize` bytes; the last one may be smaller. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MultipartUpload"];
                };
            };
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file or the request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service temporarily busy; retry after `Retry-After` seconds. */
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
            /** @description PUT each part to its URL, and keep the `ETag` header of the response. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PartUrls"];
                };
            };
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file or the request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Completed upload; start its analysis by `key`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadedFile"];
                };
            };
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request conflicts with the current state; see `code`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file or the request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file or the request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Pending uploads, newest first; at most 50. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PendingUploads"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description The result of the analysis. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InferenceResult"];
                };
            };
            /** @description The analysis is still running; poll the status URL in `statusUrl`. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request conflicts with the current state; see `code`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file or the request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The analysis failed because of a server error. It was not charged and can be retried. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service temporarily busy; retry after `Retry-After` seconds. */
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
                /** @description Calendar month (UTC), such as `2026-11`. */
                month?: string | null;
                /** @description `cursor` of the previous page. */
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Page of analyses, newest first. Pass `cursor` to get the next page; it is null on the last one. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnalysisPage"];
                };
            };
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description The analysis in its current state. */
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
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request conflicts with the current state; see `code`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Deleted analysis. It can be restored until `restorableUntil`; then it is permanently deleted. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deleted"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description URL of the video for playback, valid for `expiresIn` seconds. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VideoUrl"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request conflicts with the current state; see `code`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Analysis in a list. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnalysisItem"];
                };
            };
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request conflicts with the current state; see `code`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file or the request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service temporarily busy; retry after `Retry-After` seconds. */
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
            /** @description Analysis in a list. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnalysisItem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request conflicts with the current state; see `code`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service temporarily busy; retry after `Retry-After` seconds. */
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
            /** @description Analysis in a list. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnalysisItem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request conflicts with the current state; see `code`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    editPeople: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PeopleEdits"];
            };
        };
        responses: {
            /** @description Names of people by `id`, and for each merged `id` the one that it belongs to. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PeopleEdits"];
                };
            };
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request conflicts with the current state; see `code`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file or the request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service temporarily busy; retry after `Retry-After` seconds. */
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
    listShares: {
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
            /** @description All links to an analysis, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShareList"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createShare: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ShareRequest"];
            };
        };
        responses: {
            /** @description New link to an analysis. `token` and the two addresses, which contain it, are shown only once. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewShare"];
                };
            };
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request conflicts with the current state; see `code`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file or the request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service temporarily busy; retry after `Retry-After` seconds. */
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
    revokeShare: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                share_id: string;
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
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service temporarily busy; retry after `Retry-After` seconds. */
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
    getUsage: {
        parameters: {
            query?: {
                /** @description Calendar month, such as `2026-11`; by default the current one. */
                month?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Usage in a calendar month (UTC). */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Usage"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
                /** @description `cursor` of the previous page. */
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Page of audit events, newest first. Pass `cursor` to get the next page; it is null on the last one. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                /** @description `cursor` of the previous page. */
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Page of the delivery log, newest first. Pass `cursor` to get the next page; it is null on the last one. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryPage"];
                };
            };
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redeliver: {
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
            /** @description Event that has been queued once more. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Redelivery"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request conflicts with the current state; see `code`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service temporarily busy; retry after `Retry-After` seconds. */
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
    getExample: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description State of the analyzed example that the web app shows in every account until the user deletes it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExampleState"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description State of the analyzed example that the web app shows in every account until the user deletes it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExampleState"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description All active API keys, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyList"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description New or rotated API key. `token` is shown only once; send it as `Authorization: Bearer TOKEN`. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request conflicts with the current state; see `code`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file or the request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description New or rotated API key. `token` is shown only once; send it as `Authorization: Bearer TOKEN`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Webhook of the account. `secret` signs its events; `url` is null if no webhook is set. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Webhook of the account. `secret` signs its events; `url` is null if no webhook is set. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file or the request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Webhook of the account. `secret` signs its events; `url` is null if no webhook is set. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Test event that has been queued for delivery. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookTest"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request conflicts with the current state; see `code`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAccountPeople: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Confirmation of an account; until then its analyses tell nobody apart, and `confirmedAt` is null. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountPeople"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setAccountPeople: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PeopleConfirmation"];
            };
        };
        responses: {
            /** @description Confirmation of an account; until then its analyses tell nobody apart, and `confirmedAt` is null. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountPeople"];
                };
            };
            /** @description Bad request: the file type, the file size, a URL or a parameter is not accepted. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file or the request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body or a parameter does not match the schema; `errors` lists the fields. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getUploadTerms: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Confirmation that the user may analyze the people shown in uploads. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadTerms"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    acceptUploadTerms: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Confirmation that the user may analyze the people shown in uploads. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadTerms"];
                };
            };
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
            /** @description Missing or invalid credentials. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readSharedAnalysis: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Analysis as the readers of a link get it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SharedAnalysis"];
                };
            };
            /** @description Not found, or owned by another account. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Quota or rate limit exceeded; retry after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description Seconds. */
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
