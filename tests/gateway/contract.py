"""The endpoints of the clients' contract, and what services added: method, path, service, and who may call."""

from __future__ import annotations

from typing import NamedTuple


class Endpoint(NamedTuple):
    """One endpoint; `public` means that no token is needed."""

    method: str
    path: str
    service: str
    public: bool


_TABLE = """
platform   public POST   /api/auth/register
platform   public POST   /api/auth/login
platform   public POST   /api/auth/refresh
platform   closed GET    /api/auth/me
platform   public GET    /api/platform/products
platform   closed GET    /api/platform/dashboard
platform   closed GET    /api/platform/admin/users
platform   closed GET    /api/platform/admin/revenue
platform   public GET    /api/payment/plans
platform   closed POST   /api/payment/checkout
platform   public GET    /api/payment/success
platform   public POST   /api/payment/webhook
platform   closed GET    /api/payment/subscriptions
platform   closed DELETE /api/payment/subscriptions/7
platform   closed GET    /api/payment/billing-info
platform   closed GET    /api/payment/history
platform   public GET    /health
coocook    public GET    /api/coocook/chefs
coocook    public GET    /api/coocook/chefs/7
coocook    closed POST   /api/coocook/chefs
coocook    closed GET    /api/coocook/bookings
coocook    closed POST   /api/coocook/bookings
coocook    closed GET    /api/coocook/bookings/7
coocook    closed PUT    /api/coocook/bookings/7
coocook    closed POST   /api/coocook/bookings/7/pay
coocook    closed POST   /api/coocook/bookings/7/review
coocook    public GET    /api/coocook/chefs/7/reviews
coocook    public GET    /api/coocook/chefs/7/slots
sns        closed GET    /api/sns/accounts
sns        closed POST   /api/sns/accounts
sns        closed DELETE /api/sns/accounts/7
sns        closed GET    /api/sns/posts
sns        closed POST   /api/sns/posts
sns        closed POST   /api/sns/posts/7/publish
sns        closed DELETE /api/sns/posts/7
sns        closed GET    /api/sns/templates
sns        closed GET    /api/sns/analytics
sns        closed GET    /api/sns-auto/posts
sns        closed POST   /api/sns-auto/posts/7/publish
review     public GET    /api/review/campaigns
review     public GET    /api/review/campaigns/7
review     closed POST   /api/review/campaigns
review     closed POST   /api/review/campaigns/7/apply
review     public GET    /api/review/search
review     public GET    /api/review/suggest
review     closed PATCH  /api/review/campaigns/7
review     closed POST   /api/review/campaigns/7/close
review     closed POST   /api/review/campaigns/7/complete
review     closed GET    /api/review/my-campaigns
review     closed GET    /api/review/my-applications
review     closed GET    /api/review/campaigns/7/applications
review     closed PUT    /api/review/applications/7
review     public GET    /api/experience/listings
review     public GET    /api/experience/listings/7
review     public GET    /api/experience/stats
review     public GET    /api/experience/categories
review     public GET    /api/experience/sites
review     closed POST   /api/experience/crawl
review     closed GET    /api/experience/crawls
ai         public GET    /api/ai-automation/plans
ai         public GET    /api/ai-automation/scenarios
ai         public GET    /api/ai-automation/scenarios/7
ai         closed GET    /api/ai-automation/employees
ai         closed POST   /api/ai-automation/employees
ai         closed GET    /api/ai-automation/employees/7
ai         closed POST   /api/ai-automation/employees/7/deploy
ai         closed POST   /api/ai-automation/employees/7/activate
ai         closed DELETE /api/ai-automation/employees/7
ai         closed POST   /api/ai-automation/employees/7/pause
ai         closed POST   /api/ai-automation/employees/7/runs
ai         closed GET    /api/ai-automation/employees/7/runs
ai         closed GET    /api/ai-automation/employees/7/runs/7
ai         closed GET    /api/ai-automation/employees/7/runs/7/events
ai         closed POST   /api/ai-automation/employees/7/runs/7/cancel
ai         closed GET    /api/ai-automation/plan
ai         closed PUT    /api/ai-automation/admin/users/7/plan
ai         closed GET    /api/ai-automation/dashboard
ai         closed GET    /api/ai-automation/analytics
ai         public GET    /api/webapp-builder/plans
ai         public GET    /api/webapp-builder/courses
ai         closed POST   /api/webapp-builder/enroll
ai         closed GET    /api/webapp-builder/enrollments
ai         closed POST   /api/webapp-builder/enrollments/7/cancel
ai         closed PUT    /api/webapp-builder/enrollments/7/courses/webapp
ai         closed PUT    /api/webapp-builder/admin/plans/weekend/seats
ai         closed GET    /api/webapp-builder/webapps
ai         closed POST   /api/webapp-builder/webapps
ai         closed GET    /api/webapp-builder/webapps/7
ai         closed POST   /api/webapp-builder/webapps/7/build
ai         closed POST   /api/webapp-builder/webapps/7/deploy
ai         closed POST   /api/webapp-builder/webapps/7/launch
ai         closed GET    /api/webapp-builder/dashboard
"""

ENDPOINTS = [
    Endpoint(method, path, service, access == "public")
    for service, access, method, path in (line.split() for line in _TABLE.strip().splitlines())
]
PUBLIC = [endpoint for endpoint in ENDPOINTS if endpoint.public]
CLOSED = [endpoint for endpoint in ENDPOINTS if not endpoint.public]
