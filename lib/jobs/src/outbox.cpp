#include "winnow/jobs/outbox.hpp"

#include <fmt/format.h>

#include "winnow/jobs/task_kinds.hpp"

namespace winnow::jobs {
namespace {

constexpr std::string_view kWrite =
    "INSERT INTO emails(dedupe,recipient,subject,body,message_id,created_at) VALUES($1,$2,$3,$4,$5,now_us())"
    " ON CONFLICT DO NOTHING RETURNING dedupe";
constexpr std::string_view kFind =
    "SELECT recipient,subject,body,message_id FROM emails WHERE dedupe=$1 AND state='pending'";
// Its text goes with it: it may hold the link that confirms an address.
constexpr std::string_view kMark =
    "UPDATE emails SET state=$2,sent_at=now_us(),body='' WHERE dedupe=$1 AND state='pending' RETURNING "
    "dedupe";
constexpr std::string_view kAddress = "SELECT email FROM users WHERE id=$1";

std::string with_url(std::string body, const std::string& url) {
  constexpr std::string_view kWord = "{URL}";
  for (std::size_t at = 0; (at = body.find(kWord, at)) != std::string::npos; at += url.size())
    body.replace(at, kWord.size(), url);
  return body;
}

}  // namespace

void write_letter(Transaction& transaction, const Letter& letter) {
  const std::string message_id = letter.message_id.empty() ? make_id() : letter.message_id;
  (void)transaction.run(kWrite, {letter.dedupe, letter.recipient, letter.subject, letter.body, message_id});
  (void)enqueue(transaction, {.kind = kMail, .subject = letter.dedupe, .priority = 4});
}

void post_restored(Transaction& transaction, const Job& job, std::int64_t epoch) {
  const Rows address = transaction.run(kAddress, {job.user_id});
  if (address.empty()) return;
  write_letter(
      transaction,
      {.dedupe = fmt::format("restored:{}:{}:{}", job.user_id, job.id, epoch),
       .recipient = address[0].text(0),
       .subject = "Your results are back",
       .body = fmt::format("The results of \"{}\" are no longer archived. They are here:\n\n"
                           "    {{URL}}/jobs/{}\n\nThey stay there for as long as you are a premium user.\n",
                           job.name, job.id),
       .message_id = {}});
}

Later send_letter(const Handlers& use, const Task& task, const Post& post, const MailTerms& terms) {
  std::optional<Letter> letter;
  use.database.read([&](Transaction& transaction) {
    const Rows rows = transaction.run(kFind, {task.subject});
    if (rows.empty()) return;
    letter = Letter{.dedupe = task.subject,
                    .recipient = rows[0].text(0),
                    .subject = rows[0].text(1),
                    .body = with_url(rows[0].text(2), terms.url),
                    .message_id = rows[0].text(3)};
  });
  std::string state;
  if (letter && !post) {
    use.log.warn("mail is not configured; not sent: {}", letter->subject);
    state = "refused";
  } else if (letter) {
    switch (post(*letter)) {
      case Posted::kSent:
        state = "sent";
        break;
      case Posted::kRefused:
        use.log.warn("the mail server refuses a letter for good: {}", letter->subject);
        state = "refused";
        break;
      case Posted::kLater:
        throw Error(ErrorKind::kNetwork, "mail", "the mail server wants it later");
    }
  }
  use.at("mail.sent");
  complete(use.database, task, [&](Transaction& transaction) {
    if (!state.empty()) (void)transaction.run(kMark, {task.subject, state});
  });
  use.at("mail.marked");
  return {};
}

}  // namespace winnow::jobs
