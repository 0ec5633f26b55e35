// How components get at the hub: the one they are under, and a store's value that renders them
// again when it changes.
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Hub } from "./hub.ts";
import type { Readable } from "./store.ts";

export const HubContext = createContext<Hub | null>(null);

export function useHub(): Hub {
  const hub = useContext(HubContext);
  if (!hub) throw new Error("cannot use the hub: nobody is signed in here");
  return hub;
}

export function useReadable<T>(store: Readable<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}
