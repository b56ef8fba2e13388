#include "serve/run.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "serve/access_log_file.hpp"
#include "winnow/cli/cache_folder.hpp"
#include "winnow/cli/data_files.hpp"
#include "winnow/cli/service_manager.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/text.hpp"
#include "winnow/core/threads.hpp"

namespace winnow::tools {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

// Returns true once a stop is asked for, at the latest after `time`.
bool wait_for(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
  return stop.stop_requested();
}

// With heat maps, where the network can make them.
std::unique_ptr<inference::Classifier> open_model(const std::filesystem::path& file, unsigned threads,
                                                  const std::filesystem::path& cache) {
  inference::EngineOptions engine{.threads = threads, .cache_folder = cache, .activation_map = true};
  engine.torch_engine = cli::module_file("libwinnow_torch_engine.so");
  try {
    return inference::open_classifier(file, engine);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInvalid && error.kind() != ErrorKind::kUnsupported) throw;
    engine.activation_map = false;
    return inference::open_classifier(file, engine);
  }
}

// Until a stop is asked for: looks after the files, and tells the service manager that all is well.
void watch(serving::ModelWatcher& models, const ServeOptions& options, cli::ServiceManager& manager,
           const std::stop_token& stop) {
  const auto poll = milliseconds(options.poll_seconds);
  std::chrono::milliseconds step = std::chrono::hours(1);
  if (poll.count() > 0) step = poll;
  if (const auto interval = manager.watchdog_interval()) step = std::min(step, *interval);
  Clock::time_point next_look = Clock::now() + poll;
  while (!wait_for(stop, std::max(step, std::chrono::milliseconds(1)))) {
    manager.notify("WATCHDOG=1");
    if (poll.count() == 0 || Clock::now() < next_look) continue;
    if (models.refresh()) release_freed_memory();
    next_look = Clock::now() + poll;
  }
}

}  // namespace

cli::Outcome run(const ServeOptions& options, cli::ToolContext& context) {
  cli::ServiceManager manager;
  serving::SiteOptions site_options = options.site;
  site_options.batching.decoders = context.threads;
  site_options.server.inherited_socket = manager.inherited_socket();
  const auto access_log = open_access_log(options.access_log);
  if (access_log) site_options.access_log = [&](const std::string& line) { access_log->write(line); };
  serving::Site site(site_options, context.log);
  // The port is open before the model, so that who watches can tell a slow start from none.
  site.start();
  std::filesystem::path cache;
  if (!options.no_cache) cache = options.cache.empty() ? cli::cache_folder() : options.cache;
  serving::ModelWatcher models(
      options.models, options.site.labels,
      [&](const std::filesystem::path& file) { return open_model(file, context.threads, cache); }, site,
      context.log);
  models.open_all();
  release_freed_memory();  // compiling networks takes as much again as they do
  site.set_ready();
  if (context.stop.stop_requested()) return cli::Outcome::kDone;
  context.log.info("ready on {} ({})", site.url(), site.summary());
  manager.notify("READY=1");

  watch(models, options, manager, context.stop);
  manager.notify("STOPPING=1");
  site.retire();
  std::this_thread::sleep_for(milliseconds(options.drain_delay));
  if (!site.drain(milliseconds(options.drain_seconds))) {
    context.log.warn("some requests took longer than --drain-seconds and were broken off");
  }
  return cli::Outcome::kDone;
}

}  // namespace winnow::tools
