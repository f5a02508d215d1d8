"use client";

import { useState } from "react";

import { DeliveriesCard } from "./deliveries-card";
import { DropFolderCard } from "./drop-folder-card";
import { KeysCard } from "./keys-card";
import { SamplesCard } from "./samples-card";
import { UsageCard } from "./usage-card";
import { WebhookCard } from "./webhook-card";

export function DevelopersView() {
  const [token, setToken] = useState<string | null>(null);
  return (
    <div className="grid gap-5 lg:grid-cols-2">
      <div className="grid min-w-0 content-start gap-5">
        <KeysCard onSecret={setToken} />
        <UsageCard />
      </div>
      <div className="grid min-w-0 content-start gap-5">
        <SamplesCard token={token} />
        <WebhookCard />
        <DeliveriesCard />
        <DropFolderCard />
      </div>
    </div>
  );
}
