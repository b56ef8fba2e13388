// Tasks: what is to be done, by whom it is being done, and until when that is believed. A task is done at
// least once; that its effect counts once is for its handler, which ends in the transaction that completes
// it.
//
// ready -> leased -> done, or back to ready with a later time; after max_attempts dead, which stays visible.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/jobs/database.hpp"

namespace winnow::jobs {

using Microseconds = std::chrono::microseconds;

struct NewTask {
  std::string kind;
  std::string subject;        // what it is about: a job, a key, a letter
  std::string dedupe = {};    // there is one live task of this name at most; empty: kind and subject
  Microseconds delay{0};      // not before
  std::int64_t priority = 5;  // less is sooner
  std::int64_t max_attempts = 8;
};

struct Task {
  std::string id;
  std::string kind;
  std::string subject;
  std::int64_t attempt = 0;  // 1 for the first
  std::string lease_token;
};

// Somebody else has the task by now: what was done for it must not count.
struct LeaseLost : std::runtime_error {
  LeaseLost() : std::runtime_error("the lease has ended; somebody else has the task") {}
};

// Time-ordered and unguessable: 16 hexadecimal digits of the time, 24 of randomness.
[[nodiscard]] std::string make_id();

// Returns false if there is a live task of the same name already.
bool enqueue(Transaction& transaction, const NewTask& task);

// Up to `limit` tasks that are due, the most urgent first, for `worker` to have until the lease ends. Runs
// once more after a lost commit, it takes others; the first then come back when their lease ends.
[[nodiscard]] std::vector<Task> claim(Transaction& transaction, std::string_view kind, std::int64_t limit,
                                      const std::string& worker, Microseconds lease);

// Prolongs leases; returns the ids of those that are still held.
[[nodiscard]] std::vector<std::string> prolong(Transaction& transaction, const std::string& worker,
                                               const std::string& lease_token, Microseconds lease);

// All of the next throw LeaseLost.
void check_lease(Transaction& transaction, const Task& task);
// The task is done and its effect is there, both in one transaction, or neither.
void complete(Database& database, const Task& task, const Database::Work& effect = {});
// Gives it back to be done later, as it cannot be done now through nobody's fault: no attempt counts.
void postpone(Transaction& transaction, const Task& task, Microseconds delay);
// Counts the attempt. Returns whether the task is dead now.
bool fail(Transaction& transaction, const Task& task, Microseconds delay, const std::string& error);

struct Swept {
  std::string kind;
  std::string subject;
  bool dead = false;
};
// Takes back tasks whose leases have ended.
[[nodiscard]] std::vector<Swept> sweep(Transaction& transaction, std::int64_t limit);

// What a queue has seen since there is a database, and holds now. Totals never fall.
struct QueueCounts {
  std::string kind;
  std::int64_t enqueued_total = 0;
  std::int64_t completed_total = 0;
  std::int64_t service_us_total = 0;  // time from claim to completion
  std::int64_t backlog = 0;           // due, and waiting
  std::int64_t inflight = 0;
  std::int64_t dead = 0;
  std::int64_t retrying = 0;   // wait after a try that failed
  std::int64_t oldest_us = 0;  // how long the oldest has been due
};
[[nodiscard]] std::vector<QueueCounts> count_tasks(Transaction& transaction);

// Takes finished tasks away that are older, and keeps their totals. Returns how many.
std::int64_t take_away_finished(Transaction& transaction, Microseconds age, std::int64_t limit);

}  // namespace winnow::jobs
