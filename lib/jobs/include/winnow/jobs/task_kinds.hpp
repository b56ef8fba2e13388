#pragma once

namespace winnow::jobs {

// What a task is to do, and what its subject is.
inline constexpr const char* kAnnotate = "annotate";    // a job: answer its pictures
inline constexpr const char* kArchive = "archive";      // a job: make its results cold, if they should be
inline constexpr const char* kRestore = "restore";      // a job: make its results hot again
inline constexpr const char* kDiscard = "discard";      // a key: remove the object
inline constexpr const char* kMail = "mail";            // a letter of the outbox
inline constexpr const char* kReconcile = "reconcile";  // find what fell between two stools

}  // namespace winnow::jobs
