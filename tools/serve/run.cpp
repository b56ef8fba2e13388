#include "serve/run.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "serve/access_log_file.hpp"
#include "serve/admin_socket.hpp"
#include "serve/batch_jobs.hpp"
#include "serve/key_commands.hpp"
#include "winnow/cli/cache_folder.hpp"
#include "winnow/cli/data_files.hpp"
#include "winnow/cli/service_manager.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"
#include "winnow/core/threads.hpp"
#include "winnow/serving/model_annotator.hpp"
#include "winnow/serving/redirect.hpp"

namespace winnow::tools {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

// Until a stop is asked for, at the latest after `time`.
void wait_for(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
}

// With heat maps, where the network can make them.
std::unique_ptr<inference::Classifier> open_model(const std::filesystem::path& file, unsigned threads,
                                                  unsigned callers, const std::filesystem::path& cache) {
  inference::EngineOptions engine{
      .threads = threads, .callers = callers, .cache_folder = cache, .activation_map = true};
  engine.torch_engine = cli::module_file("libwinnow_torch_engine.so");
  try {
    return inference::open_classifier(file, engine);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInvalid && error.kind() != ErrorKind::kUnsupported) throw;
    engine.activation_map = false;
    return inference::open_classifier(file, engine);
  }
}

std::shared_ptr<jobs::Annotator> annotator_of(const serving::Site& site, const std::string& model,
                                              const ServeOptions& options) {
  std::shared_ptr<inference::Classifier> classifier = site.classifier(model);
  if (!classifier) throw Error(ErrorKind::kNotFound, printable(model), "is no model of this server");
  return serving::make_annotator(
      std::move(classifier), model,
      {.max_pixels = options.site.batching.max_pixels, .top_k = options.site.top_k});
}

// What a running server looks after.
struct Parts {
  serving::Site& site;
  serving::ModelWatcher& models;
  httpd::TlsIdentity* tls;  // null without
  AdminSocket* admin;       // null without
};

void refresh(Parts& parts) {
  if (parts.tls != nullptr) parts.tls->refresh();
  parts.site.refresh_keys();
  if (parts.models.refresh()) release_freed_memory();
}

// draining: is set if the command asks for it.
Json obey(const std::string& command, Parts& parts, Logger& log, bool& draining) {
  constexpr std::string_view kLevel = "log-level ";
  if (command == "status") {
    return {{"url", parts.site.url()}, {"serving", parts.site.summary()}, {"version", WINNOW_VERSION}};
  }
  log.info("administration: {}", printable(command));
  if (command == "reload") {
    refresh(parts);  // models are put to use once they have lain still for a look
    refresh(parts);
  } else if (command == "drain") {
    draining = true;
  } else if (command == "log-level debug" || command == "log-level info" || command == "log-level warning") {
    log.set_level(spdlog::level::from_str(command.substr(kLevel.size())));
  } else {
    throw Error(ErrorKind::kUsage, "",
                "the commands are status, reload, log-level debug|info|warning and drain");
  }
  return {{"done", command}};
}

// Until a stop is asked for: looks after the files, does what the administrator says, and tells the service
// manager that all is well.
void watch(Parts parts, const ServeOptions& options, cli::ServiceManager& manager, Logger& log,
           const std::stop_token& stop) {
  const auto poll = milliseconds(options.poll_seconds);
  std::chrono::milliseconds step = std::chrono::hours(1);
  if (poll.count() > 0) step = poll;
  if (const auto interval = manager.watchdog_interval()) step = std::min(step, *interval);
  step = std::max(step, std::chrono::milliseconds(1));
  Clock::time_point next_look = Clock::now() + poll;
  bool draining = false;
  while (!stop.stop_requested() && !draining) {
    if (parts.admin == nullptr) {
      wait_for(stop, step);
    } else {
      parts.admin->answer_for(
          step, stop, [&](const std::string& command) { return obey(command, parts, log, draining); });
    }
    manager.notify("WATCHDOG=1");
    if (poll.count() == 0 || Clock::now() < next_look || stop.stop_requested()) continue;
    refresh(parts);
    next_look = Clock::now() + poll;
  }
}

}  // namespace

cli::Outcome run(const ServeOptions& options, cli::ToolContext& context) {
  if (manage_keys(options, context.out)) return cli::Outcome::kDone;
  if (options.jobs.print_plan) {
    const jobs::AutoscalePlan plan = plan_autoscale(options.jobs);
    context.out << plan.wanted << '\n';
    context.log.info("{:.2f} workers needed ({})", plan.need, name_of(plan.reason));
    return cli::Outcome::kDone;
  }
  if (options.models.empty() && options.jobs.role != Role::kLifecycle)
    throw Error(ErrorKind::kUsage, "MODEL", "is needed; name a model file or folder");
  cli::ServiceManager manager;
  serving::SiteOptions site_options = options.site;
  site_options.batching.decoders = context.threads;
  site_options.server.inherited_socket = manager.inherited_socket();
  std::shared_ptr<httpd::TlsIdentity> tls;
  if (!options.tls.certificate.empty()) tls = std::make_shared<httpd::TlsIdentity>(options.tls, context.log);
  site_options.server.tls = tls;
  const auto access_log = open_access_log(options.access_log);
  if (access_log) site_options.access_log = [&](const std::string& line) { access_log->write(line); };
  std::unique_ptr<BatchJobs> batch_jobs;
  if (options.jobs.wanted()) {
    const bool secure = tls || options.jobs.public_url.starts_with("https://");
    batch_jobs = std::make_unique<BatchJobs>(options.jobs, secure, context);
    batch_jobs->join(site_options);
  } else if (options.jobs.role != Role::kAll) {
    throw Error(ErrorKind::kUsage, "--role", "is of no use without --database");
  }
  serving::Site site(site_options, context.log);
  if (batch_jobs) batch_jobs->offer_models([&site] { return site.model_names(); });
  // Whoever is let in is answered: until the models are ready connections are refused, which every proxy and
  // balancer takes for "ask another". In a socket that was handed over they wait.
  site.take_port();
  std::filesystem::path cache;
  if (!options.no_cache) cache = options.cache.empty() ? cli::cache_folder() : options.cache;
  // A worker's threads each ask for themselves; a site asks for one picture at a time, on all processors.
  const unsigned callers = options.jobs.role == Role::kWorker ? context.threads : 1;
  serving::ModelWatcher models(
      options.models, options.site.labels,
      [&](const std::filesystem::path& file) { return open_model(file, context.threads, callers, cache); },
      site, context.log);
  std::unique_ptr<AdminSocket> admin;
  if (!options.admin_socket.empty()) admin = std::make_unique<AdminSocket>(options.admin_socket);
  models.open_all();
  release_freed_memory();                // compiling networks takes as much again as they do
  std::unique_ptr<jobs::Worker> worker;  // ends before the site, whose models it asks
  if (batch_jobs) {
    worker = batch_jobs->start([&](const std::string& name) { return annotator_of(site, name, options); });
  }
  site.set_ready();
  site.start();
  std::unique_ptr<httpd::Server> redirect;
  if (options.redirect) redirect = serving::start_redirect(*options.redirect, site.port(), context.log);
  if (context.stop.stop_requested()) return cli::Outcome::kDone;
  context.log.info("ready on {} ({})", site.url(), site.summary());
  if (redirect) context.log.info("plain HTTP on {} leads there", redirect->url());
  manager.notify("READY=1");

  watch({site, models, tls.get(), admin.get()}, options, manager, context.log, context.stop);
  manager.notify("STOPPING=1");
  site.retire();
  std::this_thread::sleep_for(milliseconds(options.drain_delay));
  if (!site.drain(milliseconds(options.drain_seconds))) {
    context.log.warn("some requests took longer than --drain-seconds and were broken off");
  }
  if (worker && !worker->drain(milliseconds(options.drain_seconds)))
    context.log.info("jobs in work are given back to the queue");
  return cli::Outcome::kDone;
}

}  // namespace winnow::tools
