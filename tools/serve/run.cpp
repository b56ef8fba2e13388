#include "serve/run.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "winnow/cli/data_files.hpp"
#include "winnow/core/text.hpp"

namespace winnow::tools {
namespace {

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

void wait_for(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait(lock, stop, [] { return false; });
}

}  // namespace

cli::Outcome run(const ServeOptions& options, cli::ToolContext& context) {
  serving::SiteOptions site_options = options.site;
  site_options.workers = context.threads;
  serving::Site site(site_options, context.log);
  // The port is open before the model, so that who watches can tell a slow start from none.
  site.start();
  std::unique_ptr<inference::Classifier> classifier = inference::open_classifier(
      options.model,
      {.threads = context.threads, .torch_engine = cli::module_file("libwinnow_torch_engine.so")});
  const model::Metadata metadata = classifier->metadata();
  site.open(std::move(classifier), options.model.string());
  if (context.stop.stop_requested()) return cli::Outcome::kDone;
  context.log.info("ready on {} ({}, {} px)", site.url(), format_count(metadata.classes.size(), "class"),
                   metadata.preprocessing.size);

  wait_for(context.stop);
  site.retire();
  std::this_thread::sleep_for(milliseconds(options.drain_delay));
  if (!site.drain(milliseconds(options.drain_seconds))) {
    context.log.warn("some requests took longer than --drain-seconds and were broken off");
  }
  return cli::Outcome::kDone;
}

}  // namespace winnow::tools
