// The marketplace as the user asks for it: read again when the question changes, a little after the
// last key, and whenever something ended.
import { useEffect, useMemo, useState } from "react";
import type { MarketplaceReading } from "../hub/hub.ts";
import type { Reading } from "../hub/resource.ts";
import { useHub, useReadable } from "../hub/use_hub.ts";

const typing_pause_ms = 120;

export function useMarketplace(q: string, installed: "hide" | "show"): Reading<MarketplaceReading> {
  const hub = useHub();
  const [asked, setAsked] = useState(q);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(q), q === "" ? 0 : typing_pause_ms);
    return () => clearTimeout(timer);
  }, [q]);

  const resource = useMemo(
    () => hub.marketplace({ q: asked.trim(), installed }),
    [hub, asked, installed],
  );
  useEffect(() => {
    void resource.refresh();
    const stop = hub.changes.subscribe(() => void resource.refresh());
    return () => {
      stop();
      resource.stop();
    };
  }, [hub, resource]);

  // What was found before stays until the new answer is here.
  const reading = useReadable(resource);
  const [kept, setKept] = useState<MarketplaceReading | null>(null);
  if (reading.value !== null && reading.value !== kept) setKept(reading.value);
  return { ...reading, value: reading.value ?? kept };
}
