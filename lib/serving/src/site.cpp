#include "winnow/serving/site.hpp"

#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <cmath>
#include <mutex>
#include <numeric>

#include "classify_queue.hpp"
#include "page.hpp"
#include "problems.hpp"
#include "uploads.hpp"
#include "winnow/core/error.hpp"
#include "winnow/httpd/router.hpp"

namespace winnow::serving {
namespace {

using httpd::Headers;
using httpd::Problem;
using httpd::Request;
using httpd::Responder;
using httpd::Response;

constexpr std::string_view kApiPath = "/api/classify";
constexpr std::string_view kFormPath = "/classify";

// Nothing from elsewhere runs or loads, and the site stands in no frame. Answers are kept by nobody unless
// they say otherwise.
Headers site_headers() {
  return {{"Content-Security-Policy",
           "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src "
           "'self'; "
           "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
          {"X-Content-Type-Options", "nosniff"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Cache-Control", "no-store"}};
}

// A person with a browser reads pages; everybody else reads problem+json.
bool wants_page(const Request& request) {
  if (request.path == kFormPath) return true;
  const std::string accept = request.headers.find_joined("Accept").value_or("");
  return !request.path.starts_with("/api/") && accept.find("text/html") != std::string::npos;
}

Response render_problem(const Problem& problem, const Request* request) {
  if (request == nullptr || !wants_page(*request)) return httpd::problem_response(problem);
  Response response = httpd::html_response(
      problem.status, problem.code == "not-ready" ? loading_page() : problem_page(problem, request->path));
  for (const auto& [name, value] : problem.headers) response.headers.set(name, value);
  return response;
}

std::optional<std::size_t> parse_count(std::string_view text) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size() || count == 0) return std::nullopt;
  return count;
}

Response api_response(const Job& job, const std::vector<Outcome>& outcomes) {
  if (outcomes.size() == 1) {
    const Outcome& only = outcomes.front();
    if (!only) return httpd::problem_response(describe_picture_failure(only.failure()));
    return httpd::json_response(200, inference::to_json(*only, job.pictures.front().name));
  }
  Json results = Json::array();
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const std::string& name = job.pictures[i].name;
    results.push_back(outcomes[i] ? inference::to_json(*outcomes[i], name)
                                  : Json{{"path", name}, {"error", outcomes[i].failure().message}});
  }
  return httpd::json_response(200, {{"results", std::move(results)}});
}

// A model that is damaged shows it here, before anybody is sent to it. One picture, and as many as a request
// may hold: engines prepare themselves for a number of pictures when it first comes, and nobody should wait
// for that.
void check_classifier(inference::Classifier& classifier, std::size_t most_pictures, const std::string& name) {
  const model::Metadata& metadata = classifier.metadata();
  for (const std::size_t count : {std::size_t{1}, most_pictures}) {
    const std::vector<std::uint8_t> blank(count * image::output_bytes(metadata.preprocessing), 128);
    const std::vector<inference::Prediction> predictions = classifier.classify(blank);
    if (predictions.size() != count)
      throw Error(ErrorKind::kInvalid, name, "does not answer for each picture");
    for (const inference::Prediction& prediction : predictions) {
      const std::vector<float>& p = prediction.probabilities;
      const float sum = std::accumulate(p.begin(), p.end(), 0.0F);
      // Written so that NaN fails.
      if (p.size() != metadata.classes.size() || !(std::abs(sum - 1) < 0.01F)) {
        throw Error(
            ErrorKind::kInvalid, name,
            fmt::format("answers a blank picture with {} probabilities that add up to {}, for {} classes; "
                        "export it again",
                        p.size(), sum, metadata.classes.size()));
      }
    }
  }
}

// All that there is only with a model.
struct OpenModel {
  OpenModel(std::unique_ptr<inference::Classifier> opened, const SiteOptions& options, Logger& log)
      : classifier(std::move(opened)),
        page(classifier->metadata(), options.server.limits.body_bytes),
        queue(
            *classifier, {options.queue, options.workers, options.max_pixels},
            [this](Job job, const std::vector<Outcome>& outcomes) { finish(std::move(job), outcomes); },
            log) {}

  void finish(Job job, const std::vector<Outcome>& outcomes) const {
    if (job.request.path == kFormPath) {
      job.respond(httpd::html_response(200, page.with_answers(job.pictures, outcomes)));
    } else {
      job.respond(api_response(job, outcomes));
    }
  }

  const std::unique_ptr<inference::Classifier> classifier;
  const Page page;
  ClassifyQueue queue;  // last, so that its threads end first
};

httpd::ServerOptions with_site_headers(httpd::ServerOptions options) {
  options.headers = site_headers();
  return options;
}

}  // namespace

struct Site::Impl {
  Impl(SiteOptions site_options, Logger& logger);

  void add_routes();
  std::shared_ptr<OpenModel> model();
  std::optional<Problem> admit(const Request& request);
  std::optional<Problem> enqueue(Request& request, Responder& respond);

  const SiteOptions options;
  Logger& log;
  httpd::Router router;
  std::atomic<bool> retired = false;
  std::mutex mutex;
  std::shared_ptr<OpenModel> open_model;
  httpd::Server server;  // last, so that it ends first
};

Site::Impl::Impl(SiteOptions site_options, Logger& logger)
    : options(std::move(site_options)),
      log(logger),
      server(with_site_headers(options.server),
             {[this](Request request, Responder respond) {
                router.handle(std::move(request), std::move(respond));
              },
              [this](const Request& request) { return admit(request); }, render_problem},
             log) {
  add_routes();
}

void Site::Impl::add_routes() {
  router.add("GET", "/healthz",
             [](const Request&, Responder respond) { respond(httpd::text_response(200, "ok\n")); });
  router.add("GET", "/readyz", [this](const Request&, Responder respond) {
    if (!retired && model()) return respond(httpd::text_response(200, "ready\n"));
    Response response = httpd::text_response(503, retired ? "draining\n" : "loading the model\n");
    response.headers.set("Retry-After", "2");
    respond(std::move(response));
  });
  router.add("GET", "/", [this](const Request& request, Responder respond) {
    respond(model()->page.empty().answer(request));  // admit() has seen to it that there is one
  });
  // Who reloads an answer without sending the form again starts anew.
  router.add("GET", std::string(kFormPath), [](const Request&, Responder respond) {
    respond({303, {{"Location", "./"}}, ""});
  });
  for (const auto& [path, asset] : page_assets()) {
    router.add("GET", path, [&asset = asset](const Request& request, Responder respond) {
      respond(asset.answer(request));
    });
  }
  for (const std::string_view path : {kApiPath, kFormPath}) {
    router.add("POST", std::string(path), [this](Request request, Responder respond) {
      if (const std::optional<Problem> problem = enqueue(request, respond)) {
        respond(render_problem(*problem, &request));
      }
    });
  }
}

std::shared_ptr<OpenModel> Site::Impl::model() {
  const std::lock_guard lock(mutex);
  return open_model;
}

std::optional<Problem> Site::Impl::admit(const Request& request) {
  if (std::optional<Problem> fault = router.find_fault(request)) return fault;
  const bool needs_model = request.method == "POST" || request.path == "/";
  if (needs_model && !model()) return not_ready();
  return request.method == "POST" ? check_upload_type(request) : std::nullopt;
}

std::optional<Problem> Site::Impl::enqueue(Request& request, Responder& respond) {
  std::size_t top_k = options.top_k;
  if (const std::optional<std::string> top = request.parameter("top")) {
    const std::optional<std::size_t> count = parse_count(*top);
    if (!count) return bad_top();
    top_k = *count;
  }
  auto found = find_pictures(request, options.pictures);
  if (auto* problem = std::get_if<Problem>(&found)) return std::move(*problem);
  auto& pictures = std::get<std::vector<Picture>>(found);
  std::optional<Job> refused =
      model()->queue.try_push({std::move(request), std::move(pictures), top_k, std::move(respond)});
  if (!refused) return std::nullopt;
  request = std::move(refused->request);
  respond = std::move(refused->respond);
  return queue_full();
}

Site::Site(SiteOptions options, Logger& log) : impl_(std::make_unique<Impl>(std::move(options), log)) {}

Site::~Site() = default;

void Site::start() {
  impl_->server.start();
}

std::string Site::url() const {
  return impl_->server.url();
}

std::uint16_t Site::port() const {
  return impl_->server.port();
}

void Site::open(std::unique_ptr<inference::Classifier> classifier, const std::string& name) {
  check_classifier(*classifier, impl_->options.pictures, name);
  auto model = std::make_shared<OpenModel>(std::move(classifier), impl_->options, impl_->log);
  const std::lock_guard lock(impl_->mutex);
  impl_->open_model = std::move(model);
}

void Site::retire() {
  impl_->retired = true;
}

bool Site::drain(std::chrono::milliseconds timeout) {
  retire();
  return impl_->server.drain(timeout);
}

}  // namespace winnow::serving
