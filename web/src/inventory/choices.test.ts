import { describe, expect, it } from "vitest";
import { readInstalled } from "../contracts/artifact.ts";
import { choicesOf } from "./choices.ts";

const read = readInstalled("skill");

function choices(fields: object): string[] {
  const artifact = read({ name: "notes", version: "1.0.0", ...fields });
  if (!artifact) throw new Error("it is not read");
  return choicesOf(artifact).map(
    ({ id, version, blocked }) => `${id} ${version}${blocked ? " blocked" : ""}`,
  );
}

describe("what can be done with an installed artifact", () => {
  it("is to keep it at its version and to uninstall it", () => {
    expect(choices({})).toEqual(["pin 1.0.0", "uninstall 1.0.0"]);
  });

  it("is to update it where something newer is published", () => {
    expect(choices({ update_available: true, remote_version: "1.1.0" })[0]).toBe("update 1.1.0");
  });

  it("is not to update it while it is pinned", () => {
    const pinned = { update_available: true, remote_version: "1.1.0", pin: "1.0.0" };
    expect(choices(pinned)).toEqual(["unpin 1.0.0", "uninstall 1.0.0"]);
  });

  it("is to go back to the version before, while that is here", () => {
    expect(choices({ previous_version: "0.9.0" })[0]).toBe("rollback 0.9.0");
  });

  it("is not to uninstall what a scenario needs", () => {
    expect(choices({ uninstall_disabled: true }).at(-1)).toBe("uninstall 1.0.0 blocked");
  });
});
