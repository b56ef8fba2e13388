// Letters to users: written in the transaction that makes them necessary, sent afterwards, as often as it
// takes until the mail server has said that it has them. Mail is never sent exactly once (the server's "yes"
// can be lost), but each letter keeps its Message-ID, by which mail programs know it again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "winnow/jobs/database.hpp"
#include "winnow/jobs/job.hpp"
#include "winnow/jobs/task_handler.hpp"

namespace winnow::jobs {

struct Letter {
  std::string dedupe;  // one of each is ever written
  std::string recipient;
  std::string subject;
  std::string body;  // plain text, UTF-8, lines end with \n
  std::string message_id;
};

// Where links in letters lead: never taken from what a client says. {URL} in a body stands for it.
struct MailTerms {
  std::string url;  // "https://pets.example"
};

enum class Posted { kSent, kLater, kRefused };
// Hands a letter to a mail server, and waits for its answer.
using Post = std::function<Posted(const Letter&)>;

void write_letter(Transaction& transaction, const Letter& letter);

// "Your results are back", one for each user, job and upgrade.
void post_restored(Transaction& transaction, const Job& job, std::int64_t epoch);

// Sends a letter. Without `post` no mail is configured: the letter stays, and says so.
[[nodiscard]] Later send_letter(const Handlers& use, const Task& task, const Post& post,
                                const MailTerms& terms);

}  // namespace winnow::jobs
