from django.urls import path, re_path
from django.views.decorators.http import require_safe

from shopfolio.core import sitemaps
from shopfolio.core.feeds import BlogFeed
from shopfolio.core.views import account, audience, blog, csp, health, policy, portfolio, resume, search, site
from shopfolio.core.whole_pages import public_page

app_name = "core"
RENDITION = r"pictures/[\w/-]+-(?:\d{1,4}\.(?:avif|webp)|shared\.jpg)"
"""Never a file as it came. No dot but the one before the ending: no way out of the folder."""

urlpatterns = [
    path("", site.home, name="home"),
    path("resume/", resume.resume, name="resume"),
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("portfolio/<str:slug>/", portfolio.project, name="project"),
    path("skills/<str:slug>/", resume.skill, name="skill"),
    path("blog/", blog.posts, name="blog"),
    path("blog/feed.xml", public_page()(require_safe(BlogFeed())), name="feed"),
    path("blog/tag/<str:slug>/", blog.posts, name="blog_tag"),
    path("blog/<str:slug>/", blog.post, name="post"),
    path("testimonials/", audience.testimonials, name="testimonials"),
    path("contact/", audience.contact, name="contact"),
    path("contact/sent/", audience.contact_sent, name="contact_sent"),
    path("newsletter/", audience.newsletter, name="newsletter"),
    path("newsletter/sent/", audience.newsletter_sent, name="newsletter_sent"),
    path("newsletter/confirm/<str:token>/", audience.confirm, name="newsletter_confirm"),
    path("newsletter/unsubscribe/<str:token>/", audience.unsubscribe, name="newsletter_unsubscribe"),
    path("account/newsletter/", account.newsletter, name="account_newsletter"),
    path("policies/<str:slug>/", policy.policy, name="policy"),
    path("search/", search.search, name="search"),
    re_path(rf"^media/(?P<path>{RENDITION})$", site.picture, name="picture"),
    path("sitemap.xml", sitemaps.sitemap_index, name="sitemap"),
    path("sitemap-<slug:kind>-<int:number>.xml", sitemaps.sitemap_part, name="sitemap_part"),
    re_path(r"^look-(?P<accent>[0-9a-f]{6})\.css$", site.look, name="look"),
    path("robots.txt", site.robots, name="robots"),
    path(".well-known/security.txt", site.security_txt, name="security_txt"),
    path("csp-reports/", csp.report, name="csp_reports"),
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
]
