import { Landing } from "@/features/landing/landing";

export default function HomePage() {
  return <Landing />;
}
