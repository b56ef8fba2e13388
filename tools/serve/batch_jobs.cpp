#include "serve/batch_jobs.hpp"

#include <fmt/format.h>

#include <thread>
#include <utility>

#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/text.hpp"
#include "winnow/jobs/outbox.hpp"
#include "winnow/jobs/recent_job_metrics.hpp"
#include "winnow/jobs/scaling.hpp"
#include "winnow/jobs/task_kinds.hpp"
#include "winnow/jobs/worker.hpp"
#include "winnow/net/s3_client.hpp"

namespace winnow::tools {
namespace {

constexpr auto kPlanEvery = std::chrono::seconds(15);

bool is_web(Role role) {
  return role == Role::kAll || role == Role::kWeb;
}
bool is_worker(Role role) {
  return role == Role::kAll || role == Role::kWorker;
}
bool is_lifecycle(Role role) {
  return role == Role::kAll || role == Role::kLifecycle;
}

// The first line of a file that holds a secret.
std::string read_secret(const std::filesystem::path& file) {
  const Bytes content = read_file(file);
  const std::string_view text = as_text(content);
  const std::string secret(trim(text.substr(0, text.find('\n'))));
  if (secret.empty()) throw Error(ErrorKind::kInvalid, file.string(), "holds no secret in its first line");
  return secret;
}

// What would otherwise come up when the first user is disappointed.
void check(const BatchJobsOptions& options) {
  if (options.database.empty() && options.role != Role::kAll) {
    throw Error(ErrorKind::kUsage, "--role",
                "needs --database with PostgreSQL; SQLite is for a process that does everything");
  }
  if (!options.database.empty() && !options.database.starts_with("postgres")) {
    throw Error(ErrorKind::kUsage, "--database", "is no postgresql:// address; a folder is named by --data");
  }
  if (options.smtp.host.empty()) return;
  if (options.smtp.from.empty())
    throw Error(ErrorKind::kUsage, "--mail-from", "is needed where there is --mail");
  if (options.public_url.empty())
    throw Error(ErrorKind::kUsage, "--public-url",
                "is needed where there is --mail, for the links in letters");
}

std::unique_ptr<jobs::Database> open_database(const BatchJobsOptions& options) {
  if (!options.database.empty()) return jobs::open_database(options.database);
  std::error_code error;
  std::filesystem::create_directories(options.data, error);
  if (error) throw Error(ErrorKind::kIo, options.data.string(), error.message());
  return jobs::open_database((options.data / "jobs.db").string());
}

std::unique_ptr<storage::ObjectStore> open_store(const BatchJobsOptions& options, const std::stop_token& stop,
                                                 Logger& log) {
  storage::ObjectStoreOptions store = options.store;
  if (store.location.empty()) {
    if (options.data.empty())
      throw Error(ErrorKind::kUsage, "--storage",
                  "is needed where there is no --data; name an s3:// address");
    store.location = (options.data / "objects").string();
  }
  if (!options.s3_keys_file.empty()) {
    const Bytes content = read_file(options.s3_keys_file);
    const auto lines = split(as_text(content), '\n');
    if (lines.size() < 2 || trim(lines[0]).empty() || trim(lines[1]).empty()) {
      throw Error(ErrorKind::kInvalid, options.s3_keys_file.string(),
                  "needs two lines: the access key, and the secret key");
    }
    store.s3.access_key = trim(lines[0]);
    store.s3.secret_key = trim(lines[1]);
  }
  auto opened = storage::open_object_store(store, stop);
  try {
    (void)opened->list("uploads/", "", 1);
  } catch (const net::S3Error&) {
    // Wrong keys, no such bucket, a clock that is off: a worker would take job after job and fail each.
    throw;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNetwork) throw;
    log.warn("storage: {}", error.what());  // it may come up later
  }
  return opened;
}

jobs::Post mailer(const BatchJobsOptions& options, const std::stop_token& stop, Logger& log) {
  if (options.smtp.host.empty()) return {};
  net::SmtpOptions smtp = options.smtp;
  if (!options.mail_password_file.empty()) smtp.password = read_secret(options.mail_password_file);
  const auto client = std::make_shared<const net::SmtpClient>(smtp, stop);
  return [client, &log](const jobs::Letter& letter) {
    const net::MailResult result = client->send(
        {.id = letter.message_id, .to = letter.recipient, .subject = letter.subject, .text = letter.body});
    if (result.outcome != net::MailOutcome::kSent) log.warn("mail: {}", result.reason);
    switch (result.outcome) {
      case net::MailOutcome::kSent:
        return jobs::Posted::kSent;
      case net::MailOutcome::kRefused:
        return jobs::Posted::kRefused;
      default:
        return jobs::Posted::kLater;
    }
  };
}

portal::PortalOptions portal_options(const BatchJobsOptions& options, bool secure) {
  portal::PortalOptions portal;
  portal.terms = options.terms;
  portal.accounts.confirm_addresses = !options.smtp.host.empty();
  portal.public_url = options.public_url;
  portal.secure_cookies = secure;
  portal.spool = options.data.empty() ? std::filesystem::temp_directory_path() : options.data / "spool";
  if (!options.payments_secret_file.empty()) {
    portal.provider = portal::PlanProvider::kStripe;
    portal.webhook_secret = read_secret(options.payments_secret_file);
    portal.subscribe_link = options.subscribe_link;
    portal.manage_link = options.manage_link;
  }
  return portal;
}

}  // namespace

struct BatchJobs::Impl {
  Impl(const BatchJobsOptions& its_options, bool secure, const Context& its_context)
      : options(its_options),
        context(its_context),
        database(open_database(options)),
        store(open_store(options, stop.get_token(), context.log)),
        handlers{*database, *store, options.terms, context.log, {}},
        metrics(*database) {
    if (is_web(options.role)) {
      portal::PortalOptions its_portal = portal_options(options, secure);
      its_portal.models = [this] { return models(); };
      portal = std::make_unique<portal::Portal>(std::move(its_portal), *database, *store, context.log);
    }
  }

  // Which tasks this process takes, each kind by its own threads, so that long ones hold up no others.
  [[nodiscard]] std::vector<jobs::Lane> lanes() const {
    std::vector<jobs::Lane> all;
    if (is_worker(options.role)) all.push_back({.kinds = {jobs::kAnnotate}, .threads = options.slots});
    if (is_lifecycle(options.role)) {
      all.push_back({.kinds = {jobs::kRestore, jobs::kArchive}, .threads = 2});
      all.push_back({.kinds = {jobs::kMail}, .threads = 1});
      all.push_back({.kinds = {jobs::kDiscard, jobs::kReconcile}, .threads = 1, .batch = 16});
    }
    return all;
  }

  [[nodiscard]] std::map<std::string, jobs::Handler> make_handlers(const jobs::FindAnnotator& find) {
    using jobs::Task;
    const jobs::Post post = mailer(options, stop.get_token(), context.log);
    const jobs::AnnotationOptions annotation{.threads = context.threads};
    return {
        {jobs::kAnnotate,
         [this, find, annotation](const Task& task, const std::stop_token& lost) {
           return jobs::annotate(handlers, task, lost, find, annotation);
         }},
        {jobs::kArchive,
         [this](const Task& task, const std::stop_token&) { return archive(handlers, task); }},
        {jobs::kRestore,
         [this](const Task& task, const std::stop_token&) { return restore(handlers, task); }},
        {jobs::kDiscard,
         [this](const Task& task, const std::stop_token&) { return discard(handlers, task); }},
        {jobs::kReconcile,
         [this](const Task& task, const std::stop_token&) { return reconcile(handlers, task); }},
        {jobs::kMail,
         [this, post](const Task& task, const std::stop_token&) {
           return send_letter(handlers, task, post, {.url = options.public_url});
         }},
    };
  }

  // Looks how many workers are wanted, for whoever asks.
  void plan(const std::stop_token& stopped) {
    std::uint64_t seen = ~std::uint64_t{0};  // nothing wakes it
    while (!stopped.stop_requested()) {
      try {
        database->write(
            [&](jobs::Transaction& transaction) { (void)plan_workforce(transaction, options.autoscale); });
      } catch (const Error& error) {
        context.log.warn("cannot plan workers: {}", error.what());
      }
      (void)database->wait(seen, kPlanEvery, stopped);
    }
  }

  const BatchJobsOptions options;
  const Context context;
  std::stop_source stop;  // of what waits for others: storage, mail servers
  const std::unique_ptr<jobs::Database> database;
  const std::unique_ptr<storage::ObjectStore> store;
  const jobs::Handlers handlers;
  const jobs::RecentJobMetrics metrics;
  std::function<std::vector<std::string>()> models;
  std::unique_ptr<portal::Portal> portal;
  std::jthread planner;
};

BatchJobs::BatchJobs(const BatchJobsOptions& options, bool secure, const Context& context) {
  check(options);
  impl_ = std::make_unique<Impl>(options, secure, context);
}

BatchJobs::~BatchJobs() {
  impl_->stop.request_stop();
}

void BatchJobs::join(serving::SiteOptions& site) {
  site.more_metrics = [metrics = &impl_->metrics] { return metrics->text(); };
  portal::Portal* const portal = impl_->portal.get();
  if (portal == nullptr) {
    site.status_only = true;
    return;
  }
  site.annex = serving::Annex{
      .owns = [portal](std::string_view path) { return portal->owns(path); },
      .add_routes = [portal](httpd::Router& router) { portal->add_routes(router); },
      .check = [portal](const httpd::Request& request) { return portal->check(request); },
      .sink = [portal](const httpd::Request& request) { return portal->sink(request); },
      .render = [portal](const httpd::Problem& problem,
                         const httpd::Request& request) { return portal->render(problem, request); },
      .link = "jobs",
      .link_text = "Many pictures at once"};
}

void BatchJobs::offer_models(std::function<std::vector<std::string>()> names) {
  impl_->models = std::move(names);
}

std::unique_ptr<jobs::Worker> BatchJobs::start(const jobs::FindAnnotator& find) {
  std::vector<jobs::Lane> lanes = impl_->lanes();
  if (lanes.empty()) return nullptr;
  if (is_lifecycle(impl_->options.role)) {
    impl_->database->write([](jobs::Transaction& transaction) {
      (void)enqueue(transaction, {.kind = jobs::kReconcile, .subject = "all"});
    });
    impl_->planner =
        std::jthread([impl = impl_.get()](const std::stop_token& stopped) { impl->plan(stopped); });
  }
  jobs::WorkerOptions worker;
  if (is_worker(impl_->options.role)) worker.capacity = impl_->options.slots;
  return std::make_unique<jobs::Worker>(*impl_->database, std::move(worker), std::move(lanes),
                                        impl_->make_handlers(find), jobs::bury, impl_->context.log);
}

jobs::AutoscalePlan plan_autoscale(const BatchJobsOptions& options) {
  if (options.database.empty()) {
    throw Error(ErrorKind::kUsage, "autoscale-plan",
                "needs --database with PostgreSQL; with SQLite one process does everything");
  }
  const auto database = jobs::open_database(options.database);
  jobs::AutoscalePlan plan;
  database->write(
      [&](jobs::Transaction& transaction) { plan = plan_workforce(transaction, options.autoscale); });
  return plan;
}

}  // namespace winnow::tools
