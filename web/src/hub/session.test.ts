import { expect, test } from "vitest";
import { tokenInFragment } from "./session.ts";

test("the token is taken out of the address, and what else is there stays", () => {
  expect(tokenInFragment(new URL("http://hub/?a=1#token=t0k%2Ben&view=x"))).toEqual({
    token: "t0k+en",
    rest: "/?a=1#view=x",
  });
  expect(tokenInFragment(new URL("http://hub/#token=abc"))?.rest).toBe("/");
});

test("an address without a token has none", () => {
  expect(tokenInFragment(new URL("http://hub/"))).toBeNull();
  expect(tokenInFragment(new URL("http://hub/#token="))).toBeNull();
  expect(tokenInFragment(new URL("http://hub/#section"))).toBeNull();
});
