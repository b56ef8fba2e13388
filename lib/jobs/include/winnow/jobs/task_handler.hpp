// What handlers of tasks share.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string_view>

#include "winnow/core/log.hpp"
#include "winnow/jobs/database.hpp"
#include "winnow/jobs/queue.hpp"
#include "winnow/jobs/terms.hpp"
#include "winnow/storage/object_store.hpp"

namespace winnow::jobs {

struct Handlers {
  Database& database;
  storage::ObjectStore& store;
  const JobTerms& terms;
  Logger& log;
  // For tests: called with the name of each step between which a crash must not matter.
  std::function<void(std::string_view)> step;

  void at(std::string_view name) const {
    if (step) step(name);
  }
};

// A handler completes its task itself, throws, or returns after which time it is to be tried again. What it
// throws: LeaseLost (nothing more is to be done), Error (this attempt has failed).
using Later = std::optional<Microseconds>;

[[nodiscard]] Later archive(const Handlers& use, const Task& task);
[[nodiscard]] Later restore(const Handlers& use, const Task& task);
[[nodiscard]] Later discard(const Handlers& use, const Task& task);
[[nodiscard]] Later reconcile(const Handlers& use, const Task& task);

// A task has used up its tries, in the same transaction: of a job that nobody could answer the owner is told.
void bury(Transaction& transaction, std::string_view kind, std::string_view subject,
          const std::string& error);

}  // namespace winnow::jobs
