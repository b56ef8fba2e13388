#include "winnow/serving/site.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "access_log.hpp"
#include "assets.hpp"
#include "backend.hpp"
#include "classify_api.hpp"
#include "guard.hpp"
#include "kserve_api.hpp"
#include "page.hpp"
#include "paths.hpp"
#include "problems.hpp"
#include "site_headers.hpp"
#include "tensorflow_api.hpp"
#include "uploads.hpp"
#include "winnow/core/text.hpp"
#include "winnow/httpd/asset.hpp"
#include "winnow/httpd/router.hpp"
#include "winnow/httpd/tls.hpp"

namespace winnow::serving {
namespace {

using httpd::Problem;
using httpd::Request;
using httpd::Responder;
using httpd::Response;

constexpr std::string_view kCardRoot = "/models/";

// The two protocols whose errors have a form of their own.
bool is_protocol(const std::string& path) {
  return path.starts_with("/v1/") || path == "/v2" || path.starts_with("/v2/");
}

// A person with a browser reads pages; everybody else reads problem+json.
bool wants_page(const Request& request) {
  if (request.path == kFormPath) return true;
  const std::string accept = request.headers.find_joined("Accept").value_or("");
  return !request.path.starts_with("/api/") && accept.find("text/html") != std::string::npos;
}

Response render_problem(const Problem& problem, const Request* request) {
  if (request != nullptr && is_protocol(request->path)) return protocol_error(problem);
  if (request == nullptr || !wants_page(*request)) {
    return describe_problem(problem, request == nullptr ? "" : request->id);
  }
  const bool loading = problem.code == "not-ready";
  return with_headers_of(
      problem,
      httpd::html_response(problem.status, loading ? loading_page() : problem_page(problem, request->path)));
}

}  // namespace

struct Site::Impl {
  Impl(SiteOptions site_options, Logger& logger);

  void add_routes();
  void add_status_routes();
  [[nodiscard]] bool is_annex(const Request& request) const {
    return options.annex && options.annex->owns(request.path);
  }
  std::optional<Problem> admit(const Request& request);
  void handle(Request request, Responder respond);
  void route(Request request, Responder respond);
  Response render(const Problem& problem, const Request* request);
  void allow_origin(const std::string& origin, Response& response) const;
  void add_headers(const std::string& origin, const std::string& remote_address, Response& response) const;
  void observe(const httpd::Served& served);
  [[nodiscard]] bool ready() const { return all_open && !retired; }
  std::shared_ptr<const Page> page_of(const ServedModel& model);

  const SiteOptions options;
  Logger& log;
  Metrics metrics;
  Models models;
  Batcher batcher;
  const Backend backend;
  const ClassifyApi classify;
  const TensorflowApi tensorflow;
  const KserveApi kserve;
  // What is looked at before a body is read, in this order; the first problem refuses the request. Whoever
  // asks for a page of the site's own has passed the client's check and the router's.
  std::vector<std::function<std::optional<Problem>(const Request&)>> checks;
  httpd::Router router;
  std::atomic<bool> all_open = false;
  std::atomic<bool> retired = false;
  std::mutex pages_mutex;
  std::map<const ServedModel*, std::shared_ptr<const Page>> pages;  // of open models
  Guard guard;           // what it still asks a service for comes back to what stands above
  httpd::Server server;  // last, so that it ends first
};

Site::Impl::Impl(SiteOptions site_options, Logger& logger)
    : options(std::move(site_options)),
      log(logger),
      models(options.labels),
      batcher(options.batching, metrics, log),
      backend{options, models, batcher},
      classify(backend,
               [this](const ServedModel& model, const std::vector<PictureAnswer>& answers) {
                 return page_of(model)->with_answers(answers);
               }),
      tensorflow(backend),
      kserve(backend, [this] { return ready(); }),
      guard(options.security, options.cors_origins, log),
      server(with_site_headers(options.server, options.security.gate),
             {[this](Request request, Responder respond) { handle(std::move(request), std::move(respond)); },
              [this](const Request& request) { return admit(request); },
              [this](const Problem& problem, const Request* request) { return render(problem, request); },
              [this](const httpd::Served& served) { observe(served); },
              [this](const Request& request) {
                return is_annex(request) ? options.annex->sink(request) : nullptr;
              }},
             log) {
  checks = {[this](const Request& request) -> std::optional<Problem> {
              const bool needs_model =
                  request.method == "POST" || request.path == "/" || request.path.starts_with(kCardRoot);
              if (needs_model && models.size() == 0) return not_ready();
              return std::nullopt;
            },
            [](const Request& request) {
              const bool uploads = request.method == "POST" && !is_protocol(request.path);
              return uploads ? check_upload_type(request) : std::nullopt;
            },
            [this](const Request& request) { return guard.check_right(request); }};
  add_status_routes();
  if (!options.status_only) add_routes();
  if (options.annex) options.annex->add_routes(router);
}

void Site::Impl::add_status_routes() {
  const auto live = [](const Request&, Responder respond) { respond(httpd::text_response(200, "ok\n")); };
  router.add("GET", "/healthz", live);
  router.add("GET", "/readyz", [this](const Request&, Responder respond) {
    if (ready()) return respond(httpd::text_response(200, "ready\n"));
    Response response = httpd::text_response(503, retired ? "draining\n" : "loading the model\n");
    response.headers.set("Retry-After", "2");
    respond(std::move(response));
  });
  router.add("GET", std::string(kMetricsPath), [this](const Request&, Responder respond) {
    metrics.set_ready(ready());
    if (options.server.tls) metrics.set_certificate_end(options.server.tls->not_after());
    const std::string more = options.more_metrics ? options.more_metrics() : std::string();
    Response response = httpd::text_response(200, metrics.text() + more);
    response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    respond(std::move(response));
  });
}

void Site::Impl::add_routes() {
  if (options.security.gate == Gate::kProofOfWork) {
    router.add("GET", "/api/challenge", [this](const Request&, Responder respond) {
      respond(httpd::json_response(200, *guard.challenge()));
    });
  }
  router.add("GET", "/", [this](const Request& request, Responder respond) {
    const std::string name = request.parameter("model").value_or("");
    const auto model = models.find({name, std::nullopt, ""});
    if (!model) return respond(render_problem(unknown_model(name), &request));
    respond(page_of(*model)->empty().answer(request));
  });
  router.add_below(std::string(kCardRoot), [this](const Request& request, Responder respond) {
    const std::string name = request.path.substr(kCardRoot.size());
    const auto model = name.empty() ? nullptr : models.find({name, std::nullopt, ""});
    if (!model) return respond(render_problem(unknown_model(name), &request));
    if (request.method != "GET" && request.method != "HEAD") {
      return respond(
          render_problem({405, "method-not-allowed", "Use GET.", {{"Allow", "GET, HEAD"}}}, &request));
    }
    respond(page_of(*model)->card().answer(request));
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
  router.add("GET", "/api/openapi.json", [](const Request& request, Responder respond) {
    static const httpd::Asset kDescription(std::string(assets::openapi_json), "application/json",
                                           httpd::Freshness::kRevalidate);
    respond(kDescription.answer(request));
  });
  router.add("POST", std::string(kApiPath), [this](Request request, Responder respond) {
    classify.handle_api(std::move(request), std::move(respond));
  });
  router.add("POST", std::string(kFormPath), [this](Request request, Responder respond) {
    classify.handle_form(std::move(request), std::move(respond));
  });
  router.add("GET", TensorflowApi::kRoot, [this](const Request&, Responder respond) {
    respond(httpd::json_response(200, {{"models", models.names()}}));
  });
  router.add_below(TensorflowApi::kRoot + std::string("/"), [this](Request request, Responder respond) {
    tensorflow.handle(std::move(request), std::move(respond));
  });
  const auto infer = [this](Request request, Responder respond) {
    kserve.handle(std::move(request), std::move(respond));
  };
  router.add("GET", KserveApi::kRoot, infer);
  router.add_below(KserveApi::kRoot + std::string("/"), infer);
}

std::optional<Problem> Site::Impl::admit(const Request& request) {
  if (auto problem = guard.check_client(request)) return problem;
  if (auto problem = router.find_fault(request)) return problem;
  if (is_annex(request)) return options.annex->check(request);
  if (options.status_only) return guard.check_right(request);
  for (const auto& check : checks) {
    if (std::optional<Problem> problem = check(request)) return problem;
  }
  return std::nullopt;
}

// Cross-origin resource sharing, https://fetch.spec.whatwg.org/#http-cors-protocol
void Site::Impl::allow_origin(const std::string& origin, Response& response) const {
  const std::optional<std::string> allowed = guard.allowed_origin(origin);
  if (!allowed) return;
  response.headers.set("Access-Control-Allow-Origin", *allowed);
  response.headers.set("Access-Control-Allow-Methods", "GET, POST");
  response.headers.set("Access-Control-Allow-Headers",
                       "Authorization, Content-Type, X-Api-Key, X-Gate-Answer, X-Request-Id, "
                       "Inference-Header-Content-Length");
  response.headers.set(
      "Access-Control-Expose-Headers",
      "RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, Inference-Header-Content-Length");
  response.headers.set("Access-Control-Max-Age", "86400");
  if (*allowed != "*") response.headers.set("Vary", "Origin");
}

void Site::Impl::add_headers(const std::string& origin, const std::string& remote_address,
                             Response& response) const {
  if (!origin.empty() && !options.cors_origins.empty()) allow_origin(origin, response);
  guard.add_rate(remote_address, response);
}

// A service of others is asked only now that the body is there, because forms have the token in it.
void Site::Impl::route(Request request, Responder respond) {
  if (!guard.must_verify(request)) return router.handle(std::move(request), std::move(respond));
  const auto kept = std::make_shared<Request>(std::move(request));
  const auto responder = std::make_shared<Responder>(std::move(respond));
  guard.verify(*kept, [this, kept, responder](const std::optional<Problem>& problem) {
    if (problem) return (*responder)(render_problem(*problem, kept.get()));
    try {
      router.handle(std::move(*kept), std::move(*responder));
    } catch (const std::exception& error) {  // the responder is gone, and has answered 500
      log.error("after the gate, request {}: {}", kept->id, error.what());
    }
  });
}

void Site::Impl::handle(Request request, Responder respond) {
  const std::string origin(request.headers.find("Origin").value_or(""));
  const bool plain = origin.empty() || options.cors_origins.empty();
  if (plain && options.security.rate == 0) return route(std::move(request), std::move(respond));
  const auto original = std::make_shared<Responder>(std::move(respond));
  const std::string remote = request.remote_address;
  route(std::move(request), Responder(
                                [this, original, origin, remote](Response response) {
                                  add_headers(origin, remote, response);
                                  (*original)(std::move(response));
                                },
                                [original] { return original->wanted(); }));
}

Response Site::Impl::render(const Problem& problem, const Request* request) {
  if (problem.code == "busy") metrics.count_rejected("busy");
  const bool annex = request != nullptr && is_annex(*request);
  Response response = annex ? options.annex->render(problem, *request) : render_problem(problem, request);
  if (request != nullptr) {
    const std::string origin(request->headers.find("Origin").value_or(""));
    add_headers(origin, request->remote_address, response);
  }
  return response;
}

void Site::Impl::observe(const httpd::Served& served) {
  const std::string_view route = router.route_of(served.path).value_or("unknown");
  metrics.observe_request(route, served.status, served.duration);
  if (options.access_log) options.access_log(access_log_line(served, route));
}

std::shared_ptr<const Page> Site::Impl::page_of(const ServedModel& model) {
  const std::lock_guard lock(pages_mutex);
  if (const auto known = pages.find(&model); known != pages.end()) return known->second;
  std::vector<std::string> others = models.names();
  std::erase(others, model.id().name);
  auto page = std::make_shared<const Page>(model, others, options.server.limits.body_bytes, options.security,
                                           options.annex ? &*options.annex : nullptr);
  // One that has been replaced meanwhile is not kept: another could come to lie where it lay.
  const bool current = models.find({model.id().name, model.id().version, ""}).get() == &model;
  if (current) pages[&model] = page;
  return page;
}

Site::Site(SiteOptions options, Logger& log) : impl_(std::make_unique<Impl>(std::move(options), log)) {}

Site::~Site() = default;

void Site::take_port() {
  impl_->server.take_port();
}

void Site::start() {
  impl_->server.start();
}

std::string Site::url() const {
  return impl_->server.url();
}

std::uint16_t Site::port() const {
  return impl_->server.port();
}

void Site::open(ModelId id, std::unique_ptr<inference::Classifier> classifier, const std::string& where) {
  const auto begin = std::chrono::steady_clock::now();
  const std::size_t most = std::max(impl_->options.pictures, impl_->options.batching.batch);
  auto model = std::make_shared<const ServedModel>(std::move(id), std::move(classifier), most, where);
  impl_->metrics.observe_load(model->id().name, std::chrono::steady_clock::now() - begin);
  impl_->models.put(std::move(model));
  impl_->metrics.set_models(impl_->models.size());
  const std::lock_guard lock(impl_->pages_mutex);
  impl_->pages.clear();
}

void Site::close(const ModelId& id) {
  impl_->models.remove(id);
  impl_->metrics.set_models(impl_->models.size());
  const std::lock_guard lock(impl_->pages_mutex);
  impl_->pages.clear();
}

void Site::note_failed_load(const ModelId& id) {
  impl_->metrics.count_failed_load(id.name);
}

std::shared_ptr<inference::Classifier> Site::classifier(const std::string& name) const {
  const std::shared_ptr<const ServedModel> model = impl_->models.find({name, std::nullopt, ""});
  if (!model) return nullptr;
  return {model, &model->classifier()};
}

std::vector<std::string> Site::model_names() const {
  return impl_->models.names();
}

std::string Site::summary() const {
  const std::size_t count = impl_->models.size();
  const auto model = count == 1 ? impl_->models.find({}) : nullptr;
  if (!model) return format_count(count, "model");
  const model::Metadata& metadata = model->metadata();
  return format_count(metadata.classes.size(), "class") + ", " + std::to_string(metadata.preprocessing.size) +
         " px";
}

void Site::refresh_keys() {
  impl_->guard.refresh_keys();
}

void Site::set_ready() {
  impl_->all_open = true;
}

void Site::retire() {
  impl_->retired = true;
  impl_->server.close_when_answered();
}

bool Site::drain(std::chrono::milliseconds timeout) {
  retire();
  return impl_->server.drain(timeout);
}

}  // namespace winnow::serving
