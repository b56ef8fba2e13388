#include "serve/options.hpp"

#include "winnow/cli/cache_folder.hpp"
#include "winnow/core/text.hpp"
#include "winnow/httpd/listen_address.hpp"

namespace winnow::tools {
namespace {

constexpr std::size_t kOne = 1;
constexpr std::size_t kMany = 1'000'000;
constexpr std::size_t kHuge = std::size_t{1} << 40;
constexpr double kLongestSeconds = 86'400;

void listen_to(httpd::ListenAddress& address, const std::string& text) {
  const Result<httpd::ListenAddress> parsed = httpd::parse_listen_address(text);
  if (!parsed) throw CLI::ValidationError("--listen", text + " " + parsed.failure().message);
  address = *parsed;
}

// "pets:stable=3"
void add_label(std::map<std::string, std::map<std::string, std::uint64_t>>& labels, const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::size_t equals = text.find('=', std::min(colon, text.size()));
  std::uint64_t version = 0;
  const bool whole =
      colon != std::string::npos && equals != std::string::npos && colon > 0 && equals > colon + 1;
  if (!whole || !CLI::detail::lexical_cast(text.substr(equals + 1), version) || version == 0) {
    throw CLI::ValidationError("--label", text + " is not NAME:LABEL=VERSION, such as pets:stable=3");
  }
  labels[text.substr(0, colon)][text.substr(colon + 1, equals - colon - 1)] = version;
}

template <class T>
CLI::Option* add_number(CLI::App& app, const char* name, T& value, const char* what, const char* unit,
                        T least, T most) {
  return app.add_option(name, value, what)
      ->type_name(unit)
      ->check(CLI::Range(least, most).description(""))
      ->capture_default_str();
}

void add_models(CLI::App& app, ServeOptions& options) {
  app.add_option_function<std::vector<std::string>>(
         "model",
         [&options](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             const Result<serving::ModelSource> source = serving::parse_model_source(text);
             if (!source) throw CLI::ValidationError("MODEL", text + " " + source.failure().message);
             options.models.push_back(*source);
           }
         },
         "Model files of winnow-export, as FILE or NAME=FILE, or folders of VERSION/model.onnx or "
         "NAME/VERSION/model.onnx; the first is the one that answers who names none")
      ->required()
      ->type_name("MODEL");
  app.add_option_function<std::vector<std::string>>(
         "--label",
         [&options](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) add_label(options.site.labels, text);
         },
         "Call a version of a model so, such as stable or canary; the newest and those with a label are open")
      ->type_name("NAME:LABEL=VERSION");
  add_number(app, "--poll", options.poll_seconds,
             "Look this often whether model files have changed, and put new ones to use; 0 never", "SECONDS",
             0.0, kLongestSeconds);
  app.add_option("--cache", options.cache,
                 "Folder in which networks are kept as compiled for this processor, for a quicker start")
      ->type_name("DIR")
      ->default_str(cli::cache_folder().string());
  app.add_flag("--no-cache", options.no_cache, "Compile networks anew and keep nothing");
}

void add_limits(CLI::App& app, serving::SiteOptions& site) {
  add_number(app, "--max-body", site.server.limits.body_bytes, "Refuse requests with more bytes than this",
             "BYTES", kOne, kHuge);
  add_number(app, "--max-pixels", site.batching.max_pixels, "Refuse pictures with more pixels than this", "N",
             std::uint64_t{kOne}, std::uint64_t{kHuge});
  add_number(app, "--max-connections", site.server.limits.connections,
             "Turn away more clients at a time than this", "N", kOne, kMany);
  add_number(app, "--queue", site.batching.queue,
             "Let this many requests wait for their turn; more are told to come back", "N", kOne, kMany);
  add_number(
      app, "--decode-memory", site.batching.decode_bytes,
      "Let pictures wait that take this much once decoded, by their headers; more are told to come back",
      "BYTES", std::uint64_t{kOne}, std::uint64_t{kHuge});
  add_number(app, "--batch", site.batching.batch, "Compute at most this many pictures together", "N", kOne,
             std::size_t{64});
  app.add_option_function<double>(
         "--deadline",
         [&site](double seconds) {
           site.batching.deadline = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
         },
         "Answer 504 to a request that has waited this long for its turn")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, kLongestSeconds).description(""))
      ->default_str("10");
}

}  // namespace

void add_options(CLI::App& app, ServeOptions& options) {
  serving::SiteOptions& site = options.site;
  add_models(app, options);
  app.add_option_function<std::string>(
         "--listen", [&site](const std::string& text) { listen_to(site.server.listen, text); },
         "Where to listen; port 0 takes any free one, 0.0.0.0 answers other machines too")
      ->type_name("ADDR:PORT")
      ->default_str(httpd::to_string(site.server.listen));
  add_limits(app, site);
  app.add_option("--cors", site.cors_origins,
                 "Let pages of this origin ask from their scripts, such as https://example.org, or * for all")
      ->type_name("ORIGIN");
  app.add_option("--access-log", options.access_log,
                 "Write a line of JSON for each request into this file, or - for standard output")
      ->type_name("FILE");
  app.add_option(
         "--drain-delay", options.drain_delay,
         "When stopped, go on answering for this long with /readyz saying 503; 5 to 10 behind a balancer")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, kLongestSeconds).description(""))
      ->capture_default_str();
  app.add_option("--drain-seconds", options.drain_seconds,
                 "Then let requests in flight finish for up to this long")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, kLongestSeconds).description(""))
      ->capture_default_str();
}

}  // namespace winnow::tools
