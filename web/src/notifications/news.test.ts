import { expect, test } from "vitest";
import {
  readNotification,
  type OperationNotification,
} from "../contracts/operation_notification.ts";
import { announcements, takeNews } from "./news.ts";

function notification(id: string, level = "success"): OperationNotification {
  const read = readNotification({ id, level });
  if (!read) throw new Error("cannot make a notification");
  return read;
}

test("what the document held at the first sync is not told", () => {
  const { seen, fresh } = takeNews(null, [notification("a"), notification("b")]);
  expect(fresh).toEqual([]);
  expect([...seen]).toEqual(["a", "b"]);
});

test("what comes later is told once", () => {
  let news = takeNews(null, [notification("a")]);
  news = takeNews(news.seen, [notification("a"), notification("b")]);
  expect(news.fresh.map(({ id }) => id)).toEqual(["b"]);
  news = takeNews(news.seen, [notification("a"), notification("b")]);
  expect(news.fresh).toEqual([]);
});

test("what a restarted hub shows again is not told again", () => {
  let news = takeNews(null, [notification("a")]);
  news = takeNews(news.seen, []);
  news = takeNews(news.seen, [notification("a")]);
  expect(news.fresh).toEqual([]);
});

test("good news in a heap is told in one, bad news never", () => {
  const heap = ["a", "b", "c", "d"].map((id) => notification(id));
  const failed = notification("x", "error");
  expect(announcements([...heap, failed])).toEqual([
    { kind: "many", count: 4 },
    { kind: "one", notification: failed },
  ]);
  expect(announcements(heap.slice(0, 3))).toHaveLength(3);
});
