#include "layout.hpp"

#include <fmt/format.h>

#include "assets.hpp"
#include "winnow/jobs/token.hpp"

namespace winnow::portal {
namespace {

using httpd::Asset;
using httpd::Freshness;

// Nothing from elsewhere, nothing inline, in no frame. Forms are told from foreign ones by their Origin,
// which browsers blacken where no referrer may be sent at all.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

std::string asset_path(std::string_view name, std::string_view content) {
  return "/assets/" + httpd::hashed_name(name, content);
}

// Behind what the site's own pages have, too.
std::string stylesheet() {
  return std::string(assets::base_css) + std::string(assets::portal_css);
}

std::string stylesheet_path() {
  static const std::string path = asset_path("portal.css", stylesheet());
  return path;
}
std::string script_path() {
  return asset_path("portal.js", assets::portal_js);
}
std::string icon_path() {
  return asset_path("favicon.svg", assets::favicon_svg);
}

Html navigation(const std::string& session, bool signed_in) {
  if (!signed_in) return Html::fill("<a href=\"/sign-in\">Sign in</a><a href=\"/register\">Register</a>", {});
  return Html::fill(
      "<a href=\"/jobs\">Jobs</a><a href=\"/account\">Account</a>"
      "<form method=\"post\" action=\"/sign-out\">{{token}}<button class=\"plain\">Sign out</button></form>",
      {{"token", form_token(session)}});
}

}  // namespace

const std::map<std::string, Asset>& page_assets() {
  static const std::map<std::string, Asset> all = [] {
    std::map<std::string, Asset> found;
    const auto add = [&](const std::string& path, std::string_view content, const char* type) {
      found.emplace(path, Asset(std::string(content), type, Freshness::kForever));
    };
    add(stylesheet_path(), stylesheet(), "text/css; charset=utf-8");
    add(script_path(), assets::portal_js, "text/javascript; charset=utf-8");
    add(icon_path(), assets::favicon_svg, "image/svg+xml");
    return found;
  }();
  return all;
}

httpd::Response lay_out(const Page& page, const std::string& session, bool signed_in) {
  const Html html = Html::fill(assets::layout_html, {{"title", page.title},
                                                     {"head", page.head},
                                                     {"css", stylesheet_path()},
                                                     {"js", script_path()},
                                                     {"icon", icon_path()},
                                                     {"navigation", navigation(session, signed_in)},
                                                     {"main", page.main}});
  httpd::Response response = httpd::html_response(page.status, html.text());
  response.headers.set("Content-Security-Policy", kPolicy);
  keep_private(response);
  return response;
}

Html form_token(const std::string& session) {
  return Html::fill("<input type=\"hidden\" name=\"csrf\" value=\"{{token}}\">",
                    {{"token", jobs::csrf_token(session)}});
}

Html error_note(const std::string& text) {
  if (text.empty()) return {};
  return Html::fill("<p class=\"error\" role=\"alert\">{{text}}</p>", {{"text", text}});
}

Page notice(const std::string& title, const std::string& detail, Html action) {
  return {.title = title,
          .main = Html::fill(assets::notice_html,
                             {{"title", title}, {"detail", detail}, {"action", std::move(action)}})};
}

void keep_private(httpd::Response& response) {
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("X-Frame-Options", "DENY");
  response.headers.set("Referrer-Policy", "same-origin");
}

}  // namespace winnow::portal
