import "./globals.css";

import type { Metadata, Viewport } from "next";
import localFont from "next/font/local";
import type { ReactNode } from "react";

const inter = localFont({
  src: "../node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
  variable: "--font-inter",
  weight: "100 900",
  display: "optional", // preloaded; where it comes too late all the same, the text does not change under the reader
});

export const metadata: Metadata = {
  title: { default: "Video Sentiment", template: "%s · Video Sentiment" },
  description:
    "Every utterance of a video with its apparent emotion and sentiment, predicted from words, voice and face together.",
};

export const viewport: Viewport = {
  colorScheme: "light dark",
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    // theme.js may set data-theme before React looks.
    <html lang="en" className={inter.variable} suppressHydrationWarning>
      <head>
        {/* In the way of painting on purpose: else a page in the other scheme flashes first. */}
        <script src="/theme.js" />
      </head>
      <body>{children}</body>
    </html>
  );
}
