// Jobs: batches of pictures that somebody has uploaded, and what became of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/jobs/database.hpp"

namespace winnow::jobs {

// state:   uploading -> queued -> running -> done | failed, and cancelled from each of the first three
// storage: of the results of one that is done: hot -> archiving -> cold -> restoring -> hot
//
// An object of the store has one life: written under a key of its own, perhaps made cold, and at last
// removed; no key is written again once it has been removed. So who comes late with a removal or a copy,
// having slept past its lease, does no harm.
struct Job {
  std::string id;
  std::string user_id;
  std::string state;
  std::string storage;
  std::string name;   // of the upload, for people
  std::string model;  // that answers; empty: the first
  std::string input_key;
  std::int64_t input_bytes = 0;
  std::int64_t pictures = 0;    // entries of the upload that may be pictures
  std::int64_t answered = 0;    // so far
  std::int64_t unreadable = 0;  // of those answered
  std::string result_key;       // empty while there is none
  std::int64_t result_bytes = 0;
  std::string result_sha256;
  std::string cold_key;  // where the results are cold, and the same as result_key where the store has classes
  std::string failure;   // why it has failed, for people
  std::int64_t created_at = 0;
  std::int64_t started_at = 0;    // 0: not yet
  std::int64_t completed_at = 0;  // 0: not yet

  [[nodiscard]] bool is_over() const { return state == "done" || state == "failed" || state == "cancelled"; }
};

struct NewJob {
  std::string id;
  std::string user_id;
  std::string name;
  std::string model;
  std::string input_key;
  std::int64_t input_bytes = 0;
  std::int64_t pictures = 0;
  std::optional<std::string> client_key;  // the client's name for it: the same twice is the same job
};

// In state uploading. Returns its id, or that of the job which has the client's key already.
[[nodiscard]] std::string create_job(Transaction& transaction, const NewJob& job);

// Of deleted jobs nothing is found.
[[nodiscard]] std::optional<Job> find_job(Transaction& transaction, std::string_view id);

// The newest first; before: those older than the job of this id, empty for the newest.
[[nodiscard]] std::vector<Job> list_jobs(Transaction& transaction, std::string_view user_id,
                                         std::string_view before, std::int64_t limit);

// The upload is in the store: queues it.
void queue_job(Transaction& transaction, std::string_view id);

// Returns false where there is nothing to cancel any more.
bool cancel_job(Transaction& transaction, std::string_view id);

// It is gone for its owner at once; its objects follow.
bool delete_job(Transaction& transaction, std::string_view id);

// Has an object removed, some time.
void discard(Transaction& transaction, const std::string& key);

}  // namespace winnow::jobs
