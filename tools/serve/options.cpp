#include "serve/options.hpp"

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

}  // namespace

void add_options(CLI::App& app, ServeOptions& options) {
  serving::SiteOptions& site = options.site;
  app.add_option("model", options.model, "A model file of winnow-export")->required()->type_name("MODEL");
  app.add_option_function<std::string>(
         "--listen", [&site](const std::string& text) { listen_to(site.server.listen, text); },
         "Where to listen; port 0 takes any free one, 0.0.0.0 answers other machines too")
      ->type_name("ADDR:PORT")
      ->default_str(httpd::to_string(site.server.listen));
  app.add_option("--max-body", site.server.limits.body_bytes, "Refuse requests with more bytes than this")
      ->type_name("BYTES")
      ->check(CLI::Range(kOne, kHuge).description(""))
      ->capture_default_str();
  app.add_option("--max-pixels", site.max_pixels, "Refuse pictures with more pixels than this")
      ->type_name("N")
      ->check(CLI::Range(kOne, kHuge).description(""))
      ->capture_default_str();
  app.add_option("--max-connections", site.server.limits.connections,
                 "Turn away more clients at a time than this")
      ->type_name("N")
      ->check(CLI::Range(kOne, kMany).description(""))
      ->capture_default_str();
  app.add_option("--queue", site.queue,
                 "Let this many requests wait for their turn; more are told to come back")
      ->type_name("N")
      ->check(CLI::Range(kOne, kMany).description(""))
      ->capture_default_str();
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
