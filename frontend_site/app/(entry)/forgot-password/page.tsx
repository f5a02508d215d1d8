import type { Metadata } from "next";

import { ForgotForm } from "@/features/auth/forgot-form";

export const metadata: Metadata = { title: "Reset password" };

export default function ForgotPage() {
  return <ForgotForm />;
}
