from shopfolio.core.admin import audience, blog, policy, portfolio, resume, site

__all__ = ["audience", "blog", "policy", "portfolio", "resume", "site"]
