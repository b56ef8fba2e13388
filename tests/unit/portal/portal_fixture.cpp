#include "portal_fixture.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "support/drawing.hpp"
#include "support/encoders.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"
#include "winnow/jobs/annotation.hpp"
#include "winnow/jobs/queue.hpp"
#include "winnow/jobs/task_kinds.hpp"
#include "winnow/jobs/upload_packer.hpp"

namespace winnow::portal {
namespace {

std::string engine() {
  const char* named = std::getenv("WINNOW_TEST_ENGINE");
  return named == nullptr ? "sqlite" : named;
}

class SaysApple : public jobs::Annotator {
 public:
  std::vector<jobs::Annotation> annotate(const std::vector<jobs::Picture>& pictures) override {
    std::vector<jobs::Annotation> answers;
    for (const jobs::Picture& picture : pictures) {
      answers.push_back(
          {.answer = {{"path", picture.name},
                      {"label", "apple"},
                      {"confidence", 0.9},
                      {"verdict", "very_confident"},
                      {"unknown", false}},
           .thumbnail = test::encode_jpeg_as(test::draw_gradient(8, 8), test::JpegKind::kBaseline),
           .unreadable = {}});
    }
    return answers;
  }
  [[nodiscard]] std::string description() const override { return "says apple"; }
};

}  // namespace

// A database whose readers can be held up.
class RunningPortal::Gate final : public jobs::Database {
 public:
  explicit Gate(jobs::Database& database) : database_(database) {}

  void write(const Work& work) override { database_.write(work); }
  void read(const Work& work) override {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !held_; });
    }
    database_.read(work);
  }
  std::uint64_t wait(std::uint64_t seen, std::chrono::milliseconds time,
                     const std::stop_token& stop) override {
    return database_.wait(seen, time, stop);
  }
  [[nodiscard]] std::string_view engine() const override { return database_.engine(); }

  void hold(bool value) {
    const std::lock_guard lock(mutex_);
    held_ = value;
    changed_.notify_all();
  }

 private:
  jobs::Database& database_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
};

RunningPortal::RunningPortal(const std::function<void(PortalOptions&)>& change) : database_(engine()) {
  const Context& context = context_;
  gate_ = std::make_unique<Gate>(*database_);
  store_ = storage::open_object_store({.location = (folder_ / "store").string()});
  PortalOptions options;
  options.secure_cookies = false;
  options.spool = folder_ / "spool";
  options.registrations_of_client = {.per_minute = 1000, .burst = 1000};
  options.sign_ins_of_client = {.per_minute = 1000, .burst = 1000};
  if (change) change(options);
  terms_ = options.terms;
  portal_ = std::make_unique<Portal>(options, *gate_, *store_, context.log);
  portal_->add_routes(router_);
  httpd::ServerOptions server;
  server.listen.port = 0;
  const httpd::Service service{
      .handle = [this](httpd::Request request,
                       httpd::Responder respond) { router_.handle(std::move(request), std::move(respond)); },
      .admit = [this](const httpd::Request& request) -> std::optional<httpd::Problem> {
        if (auto fault = router_.find_fault(request)) return fault;
        return portal_->owns(request.path) ? portal_->check(request) : std::nullopt;
      },
      .render =
          [this](const httpd::Problem& problem, const httpd::Request* request) {
            const bool own = request != nullptr && portal_->owns(request->path);
            return own ? portal_->render(problem, *request) : httpd::problem_response(problem);
          },
      .observe = {},
      .sink =
          [this](const httpd::Request& request) {
            return portal_->owns(request.path) ? portal_->sink(request) : nullptr;
          }};
  server_ = std::make_unique<httpd::Server>(server, service, context.log);
  server_->start();
}

RunningPortal::~RunningPortal() {
  gate_->hold(false);
  server_.reset();
}

void RunningPortal::hold_database(bool hold) {
  gate_->hold(hold);
}

void RunningPortal::work_off() {
  const Context& context = context_;
  const jobs::Handlers handlers{*database_, *store_, terms_, context.log, {}};
  const auto find = [](const std::string&) { return std::make_shared<SaysApple>(); };
  const auto post = [this](const jobs::Letter& letter) {
    sent.push_back(letter);
    return jobs::Posted::kSent;
  };
  for (bool more = true; more;) {
    more = false;
    for (const char* kind : {jobs::kAnnotate, jobs::kArchive, jobs::kRestore, jobs::kDiscard, jobs::kMail}) {
      std::vector<jobs::Task> tasks;
      database_->write([&](jobs::Transaction& transaction) {
        tasks = jobs::claim(transaction, kind, 1, "w", std::chrono::seconds(30));
      });
      for (const jobs::Task& task : tasks) {
        more = true;
        if (task.kind == jobs::kAnnotate) (void)jobs::annotate(handlers, task, {}, find, {});
        if (task.kind == jobs::kArchive) (void)jobs::archive(handlers, task);
        if (task.kind == jobs::kRestore) (void)jobs::restore(handlers, task);
        if (task.kind == jobs::kDiscard) (void)jobs::discard(handlers, task);
        if (task.kind == jobs::kMail)
          (void)jobs::send_letter(handlers, task, post, {.url = "https://pets.example"});
      }
    }
  }
}

std::size_t RunningPortal::files_in_spool() const {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_ / "spool"),
                                                std::filesystem::directory_iterator()));
}

Reply Browser::ask(const std::string& method, const std::string& path, const std::string& body,
                   const std::string& more) {
  const std::string fields = (cookie.empty() ? "" : "Cookie: other=1; " + cookie + "\r\n") +
                             "Accept: text/html,application/xhtml+xml\r\n" + more;
  Reply reply = test::request(portal_.port(), method, path, body, fields);
  const std::string set = reply.header("set-cookie");
  if (!set.empty()) cookie = set.substr(0, set.find(';'));
  if (cookie == "winnow=") cookie.clear();
  return reply;
}

Reply Browser::get(const std::string& path, const std::string& more) {
  return ask("GET", path, "", more);
}

Reply Browser::post(const std::string& path, const std::string& fields, const std::string& more) {
  const std::string body = "csrf=" + token() + (fields.empty() ? "" : "&") + fields;
  return ask("POST", path, body,
             "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n" + more);
}

Reply Browser::upload(const std::string& file, const std::string& name) {
  return ask("POST", "/jobs", multipart({{name, file}}, token()), kMultipart);
}

std::string Browser::token() {
  const Reply page = get("/sign-in");
  return token_on(page.status == 303 ? get("/account").body : page.body);
}

std::string Browser::token_on(const std::string& page) {
  const std::string before = "name=\"csrf\" value=\"";
  const std::size_t at = page.find(before);
  if (at == std::string::npos) return "";
  return page.substr(at + before.size(), page.find('"', at + before.size()) - at - before.size());
}

void Browser::register_as(const std::string& email) {
  const Reply reply = post("/register", "email=" + form_text(email) + "&password=" + form_text(kPassword));
  ASSERT_EQ(reply.status, 303) << reply.body;
}

std::string Browser::make_token() {
  const std::string page = post("/account/tokens", "name=laptop").body;
  const std::size_t at = page.find("wnk_");
  return at == std::string::npos ? "" : page.substr(at, page.find('<', at) - at);
}

std::string some_pictures(int count, const std::string& padding) {
  std::string tar;
  jobs::UploadPacker packer([&](ByteSpan piece) { tar += as_text(piece); });
  for (int i = 0; i < count; ++i)
    packer.add(fmt::format("{}.png", i), test::encode_png(test::draw_gradient(16, 16)));
  if (!padding.empty()) packer.add("padding.txt", as_bytes(padding));
  packer.finish();
  return tar;
}

std::string form_text(const std::string& text) {
  std::string encoded;
  for (const char c : text) encoded += fmt::format("%{:02x}", static_cast<unsigned char>(c));
  return encoded;
}

std::string multipart(const std::vector<std::pair<std::string, std::string>>& files,
                      const std::string& token) {
  std::string body = "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n" + token + "\r\n";
  for (const auto& [name, content] : files) {
    body += "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name +
            "\"\r\nContent-Type: application/octet-stream\r\n\r\n" + content + "\r\n";
  }
  return body + "--x--\r\n";
}

Reply call(RunningPortal& portal, const std::string& token, const std::string& method,
           const std::string& path, const std::string& body, const std::string& more) {
  return test::request(portal.port(), method, path, body, "Authorization: Bearer " + token + "\r\n" + more);
}

std::string submit(RunningPortal& portal, const std::string& token, const std::string& file) {
  const Reply reply = call(portal, token, "POST", "/api/v1/jobs?name=batch.tar", file);
  EXPECT_EQ(reply.status, 201) << reply.body;
  return reply.status == 201 ? Json::parse(reply.body).value("id", "") : "";
}

}  // namespace winnow::portal
