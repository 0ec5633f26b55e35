// What can be done with an installed artifact; pure, so that it can be asked without a page.
import type { InstalledArtifact } from "../contracts/artifact.ts";

export interface Choice {
  readonly id: "update" | "rollback" | "pin" | "unpin" | "uninstall";
  readonly version: string; // that it leads to, or is about
  readonly blocked: boolean; // shown, and cannot be chosen now
}

/** In the order they are shown. A pinned artifact offers no update: that is what a pin is for. */
export function choicesOf(artifact: InstalledArtifact): readonly Choice[] {
  const { version, remote_version, previous_version, pin } = artifact;
  const choices: Choice[] = [];
  const add = (id: Choice["id"], of: string, blocked = false) => {
    choices.push({ id, version: of, blocked });
  };
  if (artifact.update_available && remote_version !== null && pin === null) {
    add("update", remote_version);
  }
  if (previous_version !== null) add("rollback", previous_version);
  if (pin === null) add("pin", version);
  else add("unpin", pin);
  add("uninstall", version, artifact.uninstall_disabled);
  return choices;
}
